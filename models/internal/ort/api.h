// The part of ONNX Runtime's C API that this program uses.
//
// The library hands out one table of function pointers (struct OrtApi in
// onnxruntime_c_api.h). Its layout is frozen: a new version appends entries
// and never moves one, and GetApi(v) answers for every version up to the
// library's own. So the entries below are named by their place in the table,
// which keeps the build free of ONNX Runtime's headers, as the library itself
// is opened only at run time.
//
// Places and signatures: onnxruntime_c_api.h of ONNX Runtime 1.24 (MIT).

#ifndef SPEECHSIM_ORT_API_H
#define SPEECHSIM_ORT_API_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

// The newest entry in use is in API version 11. 18 (ONNX Runtime 1.18) is asked
// for because models in memory with weights beside them need it.
#define API_VERSION 18

typedef struct {
  const void *const *(*get_api)(uint32_t version);
  const char *(*version)(void);
} ApiBase;

typedef const void *const *Api;
typedef void *Status;  // NULL is success

enum {
  GetErrorCode = 1,
  GetErrorMessage = 2,
  CreateEnv = 3,
  DisableTelemetryEvents = 6,
  CreateSession = 7,
  CreateSessionFromArray = 8,
  Run = 9,
  CreateSessionOptions = 10,
  DisableMemPattern = 17,
  SetSessionLogSeverityLevel = 22,
  SetSessionGraphOptimizationLevel = 23,
  SetIntraOpNumThreads = 24,
  SessionGetInputCount = 30,
  SessionGetOutputCount = 31,
  SessionGetInputTypeInfo = 33,
  SessionGetOutputTypeInfo = 34,
  SessionGetInputName = 36,
  SessionGetOutputName = 37,
  CreateRunOptions = 39,
  RunOptionsSetTerminate = 46,
  CreateTensorWithDataAsOrtValue = 49,
  IsTensor = 50,
  GetTensorMutableData = 51,
  CastTypeInfoToTensorInfo = 55,
  GetTensorElementType = 60,
  GetDimensionsCount = 61,
  GetDimensions = 62,
  GetTensorTypeAndShape = 65,
  CreateCpuMemoryInfo = 69,
  AllocatorFree = 76,
  GetAllocatorWithDefaultOptions = 78,
  ReleaseStatus = 93,
  ReleaseSession = 95,
  ReleaseValue = 96,
  ReleaseRunOptions = 97,
  ReleaseTypeInfo = 98,
  ReleaseTensorTypeAndShapeInfo = 99,
  ReleaseSessionOptions = 100,
  GetAvailableProviders = 125,
  ReleaseAvailableProviders = 126,
  AddSessionConfigEntry = 130,
  SessionOptionsAppendExecutionProvider_CUDA_V2 = 204,
  CreateCUDAProviderOptions = 205,
  UpdateCUDAProviderOptions = 206,
  ReleaseCUDAProviderOptions = 208,
};

// Go cannot call a C function pointer, so every signature in use has one
// function here. The name says what the entry takes.

static const void *const *base_api(void *get_base, uint32_t version) {
  ApiBase *b = ((ApiBase * (*)(void)) get_base)();
  return b->get_api(version);
}

static const char *base_version(void *get_base) {
  return ((ApiBase * (*)(void)) get_base)()->version();
}

static void call_release(Api a, int f, void *x) {
  ((void (*)(void *))a[f])(x);
}

static const char *error_message(Api a, Status s) {
  return ((const char *(*)(Status))a[GetErrorMessage])(s);
}

static int error_code(Api a, Status s) {
  return ((int (*)(Status))a[GetErrorCode])(s);
}

static Status call_out(Api a, int f, void **out) {
  return ((Status (*)(void **))a[f])(out);
}

static Status call_on(Api a, int f, void *x) {
  return ((Status (*)(void *))a[f])(x);
}

static Status call_int(Api a, int f, void *x, int v) {
  return ((Status (*)(void *, int))a[f])(x, v);
}

static Status call_get(Api a, int f, const void *x, void **out) {
  return ((Status (*)(const void *, void **))a[f])(x, out);
}

static Status call_size(Api a, int f, const void *x, size_t *out) {
  return ((Status (*)(const void *, size_t *))a[f])(x, out);
}

static Status call_enum(Api a, int f, const void *x, int *out) {
  return ((Status (*)(const void *, int *))a[f])(x, out);
}

static Status call_at(Api a, int f, const void *x, size_t i, void **out) {
  return ((Status (*)(const void *, size_t, void **))a[f])(x, i, out);
}

static Status create_env(Api a, int level, const char *name, void **out) {
  return ((Status (*)(int, const char *, void **))a[CreateEnv])(level, name, out);
}

static Status cpu_memory_info(Api a, void **out) {
  const int arena_allocator = 1, default_memory = 0;
  return ((Status (*)(int, int, void **))a[CreateCpuMemoryInfo])(arena_allocator, default_memory, out);
}

static Status available_providers(Api a, char ***out, int *n) {
  return ((Status (*)(char ***, int *))a[GetAvailableProviders])(out, n);
}

static Status release_providers(Api a, char **p, int n) {
  return ((Status (*)(char **, int))a[ReleaseAvailableProviders])(p, n);
}

static Status config_entry(Api a, void *options, const char *key, const char *value) {
  return ((Status (*)(void *, const char *, const char *))a[AddSessionConfigEntry])(options, key, value);
}

static Status session_from_path(Api a, void *env, const char *path, void *options, void **out) {
  return ((Status (*)(void *, const char *, void *, void **))a[CreateSession])(env, path, options, out);
}

static Status session_from_array(Api a, void *env, const void *data, size_t n, void *options, void **out) {
  return ((Status (*)(void *, const void *, size_t, void *, void **))a[CreateSessionFromArray])(env, data, n, options, out);
}

static Status name_at(Api a, int f, const void *session, size_t i, void *allocator, char **out) {
  return ((Status (*)(const void *, size_t, void *, char **))a[f])(session, i, allocator, out);
}

static Status allocator_free(Api a, void *allocator, void *p) {
  return ((Status (*)(void *, void *))a[AllocatorFree])(allocator, p);
}

static Status dimensions(Api a, const void *info, int64_t *dims, size_t n) {
  return ((Status (*)(const void *, int64_t *, size_t))a[GetDimensions])(info, dims, n);
}

static Status tensor_over(Api a, void *memory, void *data, size_t bytes, const int64_t *shape, size_t rank, int type, void **out) {
  return ((Status (*)(void *, void *, size_t, const int64_t *, size_t, int, void **))a[CreateTensorWithDataAsOrtValue])(
      memory, data, bytes, shape, rank, type, out);
}

static Status run(Api a, void *session, void *options, const char *const *in_names, void *const *in, size_t n_in,
                  const char *const *out_names, size_t n_out, void **out) {
  return ((Status (*)(void *, void *, const char *const *, void *const *, size_t, const char *const *, size_t, void **))a[Run])(
      session, options, in_names, in, n_in, out_names, n_out, out);
}

static Status update_cuda(Api a, void *options, const char *const *keys, const char *const *values, size_t n) {
  return ((Status (*)(void *, const char *const *, const char *const *, size_t))a[UpdateCUDAProviderOptions])(options, keys, values, n);
}

static Status append_cuda(Api a, void *session_options, void *cuda_options) {
  return ((Status (*)(void *, void *))a[SessionOptionsAppendExecutionProvider_CUDA_V2])(session_options, cuda_options);
}

#endif
