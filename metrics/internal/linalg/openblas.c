//go:build cgo && (linux || darwin)

#include "openblas.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// CBLAS's enumerations.
enum { ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112, UPPER = 121 };

struct openblas {
	void (*sgemm)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
	void (*dgemm)(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
	void (*ssyrk)(int, int, int, int, int, float, const float *, int, float, float *, int);
	void (*dsyrk)(int, int, int, int, int, double, const double *, int, double, double *, int);
	// Fortran's LAPACK: everything by reference, the lengths of strings last.
	void (*dsyevd)(const char *, const char *, const int *, double *, const int *, double *,
	               double *, const int *, int *, const int *, int *, size_t, size_t);
	void (*dgesdd)(const char *, const int *, const int *, double *, const int *, double *, double *, const int *,
	               double *, const int *, double *, const int *, int *, int *, size_t);
	char *(*config)(void);
	char *(*core)(void);
	int (*threads)(void);
	void (*set_threads)(int);
};

// symbol looks name up as it is and with the prefix that scipy's wheels use.
static void *symbol(void *handle, const char *name) {
	void *p = dlsym(handle, name);
	if (p == NULL) {
		char prefixed[64];
		snprintf(prefixed, sizeof prefixed, "scipy_%s", name);
		p = dlsym(handle, prefixed);
	}
	return p;
}

// open_single loads the library while OPENBLAS_NUM_THREADS is 1: OpenBLAS
// starts its threads when it is loaded, one a core, and we never use them.
static void *open_single(const char *path) {
	const char *name = "OPENBLAS_NUM_THREADS";
	const char *now = getenv(name);
	char *before = now == NULL ? NULL : strdup(now);
	setenv(name, "1", 1);
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (before == NULL) {
		unsetenv(name);
	} else {
		setenv(name, before, 1);
		free(before);
	}
	return handle;
}

openblas *openblas_open(const char *path, char *message, int size) {
	void *handle = open_single(path);
	if (handle == NULL) {
		snprintf(message, size, "%s", dlerror());
		return NULL;
	}
	openblas *lib = calloc(1, sizeof *lib);
	if (lib == NULL) {
		snprintf(message, size, "out of memory");
		dlclose(handle);
		return NULL;
	}
	struct {
		const char *name;
		void *target;
	} wanted[] = {
		{"cblas_sgemm", &lib->sgemm},
		{"cblas_dgemm", &lib->dgemm},
		{"cblas_ssyrk", &lib->ssyrk},
		{"cblas_dsyrk", &lib->dsyrk},
		{"dsyevd_", &lib->dsyevd},
		{"dgesdd_", &lib->dgesdd},
		{"openblas_get_config", &lib->config},
		{"openblas_get_corename", &lib->core},
		{"openblas_get_num_threads", &lib->threads},
		{"openblas_set_num_threads", &lib->set_threads},
	};
	const char *missing = NULL;
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted && missing == NULL; i++) {
		void *p = symbol(handle, wanted[i].name);
		if (p == NULL) missing = wanted[i].name;
		memcpy(wanted[i].target, &p, sizeof p);
	}
	if (missing != NULL) {
		snprintf(message, size, "%s: not an OpenBLAS with 32-bit integers: it has no function %s", path, missing);
	} else if (strstr(lib->config(), "USE64BITINT") != NULL) {
		missing = "";
		snprintf(message, size, "%s: built with 64-bit integers; one with 32-bit integers is needed", path);
	}
	if (missing != NULL) {
		free(lib);
		dlclose(handle);
		return NULL;
	}
	lib->set_threads(1);
	return lib;
}

const char *openblas_config(openblas *lib) { return lib->config(); }
const char *openblas_core(openblas *lib) { return lib->core(); }
int openblas_threads(openblas *lib) { return lib->threads(); }

static int op(int trans) { return trans ? TRANS : NO_TRANS; }

void openblas_sgemm(openblas *lib, int ta, int tb, int m, int n, int k,
                    const float *a, int lda, const float *b, int ldb, float *c, int ldc) {
	lib->sgemm(ROW_MAJOR, op(ta), op(tb), m, n, k, 1, a, lda, b, ldb, 0, c, ldc);
}

void openblas_dgemm(openblas *lib, int ta, int tb, int m, int n, int k,
                    const double *a, int lda, const double *b, int ldb, double *c, int ldc) {
	lib->dgemm(ROW_MAJOR, op(ta), op(tb), m, n, k, 1, a, lda, b, ldb, 0, c, ldc);
}

void openblas_ssyrk(openblas *lib, int trans, int n, int k, const float *a, int lda, float *c, int ldc) {
	lib->ssyrk(ROW_MAJOR, UPPER, op(trans), n, k, 1, a, lda, 0, c, ldc);
}

void openblas_dsyrk(openblas *lib, int trans, int n, int k, const double *a, int lda, double *c, int ldc) {
	lib->dsyrk(ROW_MAJOR, UPPER, op(trans), n, k, 1, a, lda, 0, c, ldc);
}

enum { NO_MEMORY = 1 << 30 };

int openblas_dsyevd(openblas *lib, char uplo, int n, double *a, int lda, double *w) {
	int info = 0, query = -1, isize = 0;
	double size = 0;
	lib->dsyevd("V", &uplo, &n, a, &lda, w, &size, &query, &isize, &query, &info, 1, 1);
	if (info != 0) return info;
	int lwork = (int)size, liwork = isize;
	double *work = malloc(sizeof(double) * (size_t)lwork);
	int *iwork = malloc(sizeof(int) * (size_t)liwork);
	if (work == NULL || iwork == NULL) {
		info = NO_MEMORY;
	} else {
		lib->dsyevd("V", &uplo, &n, a, &lda, w, work, &lwork, iwork, &liwork, &info, 1, 1);
	}
	free(work);
	free(iwork);
	return info;
}

int openblas_dgesdd(openblas *lib, char job, int m, int n, double *a, int lda, double *s,
                    double *u, int ldu, double *vt, int ldvt) {
	int info = 0, query = -1;
	double size = 0;
	int *iwork = malloc(sizeof(int) * 8 * (size_t)(m < n ? m : n));
	if (iwork == NULL) return NO_MEMORY;
	lib->dgesdd(&job, &m, &n, a, &lda, s, u, &ldu, vt, &ldvt, &size, &query, iwork, &info, 1);
	if (info == 0) {
		int lwork = (int)size;
		double *work = malloc(sizeof(double) * (size_t)lwork);
		if (work == NULL) {
			info = NO_MEMORY;
		} else {
			lib->dgesdd(&job, &m, &n, a, &lda, s, u, &ldu, vt, &ldvt, work, &lwork, iwork, &info, 1);
		}
		free(work);
	}
	free(iwork);
	return info;
}
