package ort

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
static void trim(void) { malloc_trim(0); }
#else
static void trim(void) {}
#endif
*/
import "C"

// trim gives the system what sessions have freed. glibc keeps it for the next allocations, hundreds of megabytes after the
// models of a run, although none may come.
func trim() { C.trim() }
