// The dozen OpenBLAS functions in use, found by dlopen and dlsym.

#ifndef SPEECHSIM_OPENBLAS_H
#define SPEECHSIM_OPENBLAS_H

typedef struct openblas openblas;

// openblas_open loads the library at path (a file, or a name for the loader),
// limited to one thread. It returns NULL and fills message on failure.
openblas *openblas_open(const char *path, char *message, int size);

const char *openblas_config(openblas *lib);
const char *openblas_core(openblas *lib);
int openblas_threads(openblas *lib);

// Row-major; C = op(A) op(B).
void openblas_sgemm(openblas *lib, int ta, int tb, int m, int n, int k,
                    const float *a, int lda, const float *b, int ldb, float *c, int ldc);
void openblas_dgemm(openblas *lib, int ta, int tb, int m, int n, int k,
                    const double *a, int lda, const double *b, int ldb, double *c, int ldc);

// Row-major; the upper triangle of C = A A' (or A' A).
void openblas_ssyrk(openblas *lib, int trans, int n, int k, const float *a, int lda, float *c, int ldc);
void openblas_dsyrk(openblas *lib, int trans, int n, int k, const double *a, int lda, double *c, int ldc);

// Column-major, as LAPACK; the result is LAPACK's info, or 1 << 30 if memory is short.
int openblas_dsyevd(openblas *lib, char uplo, int n, double *a, int lda, double *w);
int openblas_dgesdd(openblas *lib, char job, int m, int n, double *a, int lda, double *s,
                    double *u, int ldu, double *vt, int ldvt);

#endif
