// isa.h -- included first by every file of this folder, which is compiled once for each
// instruction set: K(name) gives a function its own name there.

#ifndef CRED_SRC_KERNEL_ISA_H
#define CRED_SRC_KERNEL_ISA_H

#include "kernel/kernel.h"
#include "kernel/table.h"

#ifndef CRED_ISA
#define CRED_ISA base
#endif
#define K_PASTE_(name, isa) cred__##name##_##isa
#define K_PASTE(name, isa)  K_PASTE_(name, isa)
#define K(name)             K_PASTE(name, CRED_ISA)

// Bytes of a vector register, and the tile of a product that fills the registers.
#if defined(__AVX512F__)
enum { K_VECTOR_BYTES = 64, K_ROWS = 8, K_VECTORS = 3 };
#elif defined(__AVX2__)
enum { K_VECTOR_BYTES = 32, K_ROWS = 4, K_VECTORS = 3 };
#else
enum { K_VECTOR_BYTES = 16, K_ROWS = 4, K_VECTORS = 2 };
#endif
enum {
  K_LANES = K_VECTOR_BYTES / (int)sizeof(cred_real),
  K_COLUMNS = K_VECTORS * K_LANES
};

#endif
