// thread.c -- parallel loops on OpenMP.

#include "base/thread.h"
#include "base/alloc.h"
#include "base/fail.h"
#include <omp.h>
#include <stdio.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

enum { MESSAGE_BYTES = 1024 };

// The register takes 20 cycles to write: it is left alone where it is as wanted.
enum { FLUSH = 0x8040 }; // flush-to-zero and denormals-are-zero

unsigned cred__flush_denormals(void) {
#if defined(__x86_64__)
  const unsigned state = _mm_getcsr();
  if ((state & FLUSH) != FLUSH) _mm_setcsr(state | FLUSH);
  return state;
#else
  return 0;
#endif
}

void cred__restore_denormals(unsigned state) {
#if defined(__x86_64__)
  if ((state & FLUSH) != FLUSH) _mm_setcsr(state);
#else
  (void)state;
#endif
}

size_t cred__n_threads(size_t n_threads) {
  return n_threads ? n_threads : (size_t)omp_get_num_procs();
}

void cred__parallel(size_t n_threads, size_t n_tasks, cred__task task, void *context) {
  n_threads = cred__n_threads(n_threads);
  if (n_threads > n_tasks) n_threads = n_tasks;
  if (n_threads <= 1) {
    const unsigned state = cred__flush_denormals();
    for (size_t i = 0; i < n_tasks; i++) task(context, i, 0);
    cred__restore_denormals(state);
    return;
  }
#pragma omp parallel num_threads((int)n_threads)
  {
    const unsigned state = cred__flush_denormals();
    const size_t worker = (size_t)omp_get_thread_num();
#pragma omp for schedule(dynamic, 1)
    for (size_t i = 0; i < n_tasks; i++) task(context, i, worker);
    cred__restore_denormals(state);
  }
}

typedef struct {
  cred__task_status task;
  void *context;
  cred_status *status;         // (n_tasks)
  size_t first_failed;         // guarded by the critical section
  char message[MESSAGE_BYTES]; // of first_failed
} try_state;

static void run_one(void *context, size_t i, size_t worker) {
  try_state *state = context;
  const cred_status status = state->task(state->context, i, worker);
  state->status[i] = status;
  if (status == CRED_OK) return;
#pragma omp critical(cred__parallel_try)
  if (i < state->first_failed) {
    state->first_failed = i;
    snprintf(state->message, sizeof state->message, "%s", cred_error_message());
  }
}

cred_status cred__parallel_try(size_t n_threads, size_t n_tasks, cred__task_status task,
                               void *context) {
  try_state state = {.task = task, .context = context, .first_failed = n_tasks};
  TRY(NEW(&state.status, n_tasks, "task results"));
  cred__parallel(n_threads, n_tasks, run_one, &state);
  cred_status status = CRED_OK;
  if (state.first_failed < n_tasks) {
    status = state.status[state.first_failed];
    cred__fail_copy(state.message);
  }
  cred__free(state.status);
  return status;
}
