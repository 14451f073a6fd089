// thread.h -- parallel loops over tasks whose results do not depend on the threads.
//
// Each worker flushes denormals to zero while it runs our tasks and restores the caller's
// floating-point state after (denormals cost a factor of two).

#ifndef CRED_SRC_BASE_THREAD_H
#define CRED_SRC_BASE_THREAD_H

#include "credence/base/status.h"
#include <stddef.h>

// One task; `worker` is in [0, n_threads): an index for scratch that tasks do not share.
typedef void (*cred__task)(void *context, size_t task, size_t worker);
typedef cred_status (*cred__task_status)(void *context, size_t task, size_t worker);

// n_threads as given, or the number of cores for 0.
size_t cred__n_threads(size_t n_threads);

// Runs tasks 0 ... n-1 on at most n_threads threads; on the caller's alone for 1.
void cred__parallel(size_t n_threads, size_t n_tasks, cred__task task, void *context);

// The same for tasks that can fail: runs all of them, and returns the status and the
// message of the failed task with the lowest number.
cred_status cred__parallel_try(size_t n_threads, size_t n_tasks, cred__task_status task,
                               void *context);

// For long serial work of ours: flush denormals; give the result back to restore.
unsigned cred__flush_denormals(void);
void cred__restore_denormals(unsigned state);

#endif
