/* Preloaded into the service to move its wall clock: CLOCK_SHIFT_SECONDS is added to every reading of it, and so are
   the seconds that stand in the file that CLOCK_SHIFT_FILE names, which may change while it runs. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long fixed;
static volatile const int64_t *moving;

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("CLOCK_SHIFT_SECONDS");
    const char *name = getenv("CLOCK_SHIFT_FILE");
    fixed = text ? atol(text) : 0;
    if (name) {
        int file = open(name, O_RDONLY | O_CLOEXEC);
        void *page = file < 0 ? MAP_FAILED : mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
        if (page == MAP_FAILED)
            abort();
        moving = page;
        close(file);
    }
}

static long shift(void) { return fixed + (moving ? (long)*moving : 0); }

int clock_gettime(clockid_t clock, struct timespec *out) {
    long result = syscall(SYS_clock_gettime, clock, out);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI))
        out->tv_sec += shift();
    return (int)result;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
