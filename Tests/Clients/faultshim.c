/* Preloaded into the service to fail one call of the C library: the nth since it was armed, counted over all threads.
 *
 * FAULT_FILE names a file of at least 64 bytes, mapped by the service and by the test:
 *
 *   int32 group   1 the data base's files, 2 the clients' sockets
 *   int32 nth     the call that fails, from 1; 0 for none
 *   int32 error   the errno to fail with; 0 for a short write, half of what was asked
 *   int32 calls   calls of the group since it was armed
 *   int32 hits    1 once a call has failed
 *   char  only[16]  the name of the calls that are counted; empty for all of the group
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct fault {
    int group, nth, error, calls, hits;
    char only[16];
};

static struct fault *volatile shared;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULT_FILE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *mapped = mmap(NULL, sizeof(struct fault), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED)
        shared = mapped;
}

static int kind(int fd) {
    struct stat about;
    if (fd <= 2 || fstat(fd, &about) != 0)
        return 0;
    return S_ISREG(about.st_mode) ? 1 : S_ISSOCK(about.st_mode) ? 2 : 0;
}

/* Whether this call is the one; short writes are for calls that write. */
static int fails(int group, const char *name, int writes) {
    struct fault *fault = shared;
    if (!fault || !group || __atomic_load_n(&fault->group, __ATOMIC_ACQUIRE) != group)
        return 0;
    if (fault->error == 0 && !writes)
        return 0;
    /* pwrite64 is pwrite, ftruncate64 is ftruncate. */
    if (fault->only[0] && strncmp(fault->only, name, strlen(fault->only)) != 0)
        return 0;
    if (__atomic_add_fetch(&fault->calls, 1, __ATOMIC_ACQ_REL) != fault->nth)
        return 0;
    __atomic_store_n(&fault->hits, 1, __ATOMIC_RELEASE);
    errno = fault->error;
    return 1;
}

static int is_short(void) { return shared->error == 0; }

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) \
        real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

#define WRITER(symbol) \
    ssize_t symbol(int fd, const void *data, size_t size, off_t at) { \
        REAL(ssize_t, #symbol, int, const void *, size_t, off_t); \
        if (fails(kind(fd), #symbol, 1)) \
            return is_short() ? real(fd, data, size / 2, at) : -1; \
        return real(fd, data, size, at); \
    }
WRITER(pwrite)
WRITER(pwrite64)

#define READER(symbol) \
    ssize_t symbol(int fd, void *data, size_t size, off_t at) { \
        REAL(ssize_t, #symbol, int, void *, size_t, off_t); \
        if (fails(kind(fd), #symbol, 0)) \
            return -1; \
        return real(fd, data, size, at); \
    }
READER(pread)
READER(pread64)

#define SIMPLE(symbol) \
    int symbol(int fd) { \
        REAL(int, #symbol, int); \
        if (fails(kind(fd), #symbol, 0)) \
            return -1; \
        return real(fd); \
    }
SIMPLE(fsync)
SIMPLE(fdatasync)

#define CUTTER(symbol) \
    int symbol(int fd, off_t size) { \
        REAL(int, #symbol, int, off_t); \
        if (fails(kind(fd), #symbol, 0)) \
            return -1; \
        return real(fd, size); \
    }
CUTTER(ftruncate)
CUTTER(ftruncate64)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (fails(kind(fd), "write", 1))
        return is_short() ? real(fd, data, size / 2) : -1;
    return real(fd, data, size);
}

ssize_t read(int fd, void *data, size_t size) {
    REAL(ssize_t, "read", int, void *, size_t);
    if (fails(kind(fd), "read", 0))
        return -1;
    return real(fd, data, size);
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
    REAL(ssize_t, "send", int, const void *, size_t, int);
    if (fails(kind(fd), "send", 1))
        return is_short() ? real(fd, data, size > 1 ? size / 2 : size, flags) : -1;
    return real(fd, data, size, flags);
}

ssize_t recv(int fd, void *data, size_t size, int flags) {
    REAL(ssize_t, "recv", int, void *, size_t, int);
    if (fails(kind(fd), "recv", 0))
        return -1;
    return real(fd, data, size, flags);
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
    REAL(int, "accept4", int, struct sockaddr *, socklen_t *, int);
    if (fails(2, "accept4", 0))
        return -1;
    return real(fd, address, length, flags);
}
