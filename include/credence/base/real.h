// credence/base/real.h -- the number type of parameters, activations and tables.
//
// It is float in the library. The tests compile the plain forms a second time as double
// (CRED_REAL_DOUBLE) to check gradients by finite differences.

#ifndef CRED_BASE_REAL_H
#define CRED_BASE_REAL_H

#ifdef CRED_REAL_DOUBLE
typedef double cred_real;
#else
typedef float cred_real;
#endif

#endif
