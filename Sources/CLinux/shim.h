// What the Glibc module of the toolchain leaves out. Declarations and variadics only, never logic.
#ifndef TOKENSERVICE_CLINUX_SHIM_H
#define TOKENSERVICE_CLINUX_SHIM_H

#include <crypt.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/types.h>

// open(2) and fcntl(2) are variadic in C, which Swift cannot call.
static inline int clinux_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
static inline int clinux_fcntl(int fd, int command, int argument) { return fcntl(fd, command, argument); }
// prctl(2) is variadic.
static inline int clinux_prctl(int option, unsigned long argument) { return prctl(option, argument, 0UL, 0UL, 0UL); }
// These are enumerators of enum __socket_type, which Swift imports as a type of their own.
static inline int clinux_stream_socket(void) { return SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC; }
// accept4(2) is declared only under _GNU_SOURCE, which the Glibc module does not define. Every accepted socket gets
// these flags.
extern int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
static inline int clinux_accept(int fd, struct sockaddr *address, socklen_t *length) {
    return accept4(fd, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
// Enumerators of enum types that Swift imports as types of their own.
static inline int clinux_get_descriptor_limit(struct rlimit *limit) { return getrlimit(RLIMIT_NOFILE, limit); }
static inline int clinux_set_descriptor_limit(const struct rlimit *limit) { return setrlimit(RLIMIT_NOFILE, limit); }
static inline int clinux_set_core_limit(const struct rlimit *limit) { return setrlimit(RLIMIT_CORE, limit); }
// pthread_setname_np(3) is declared only under _GNU_SOURCE; prctl(2) names the calling thread as well.
static inline int clinux_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0UL, 0UL, 0UL); }
// EPOLLET does not fit in a signed int, and so has no value in Swift.
static inline unsigned clinux_epoll_edge(void) { return (unsigned)EPOLLET; }
// explicit_bzero(3) is declared only under _DEFAULT_SOURCE.
extern void explicit_bzero(void *memory, size_t size);
static inline void clinux_wipe(void *memory, size_t size) { explicit_bzero(memory, size); }
// The Glibc module leaves <malloc.h> out.
static inline int clinux_set_mmap_threshold(int bytes) { return mallopt(M_MMAP_THRESHOLD, bytes); }
// MSG_NOSIGNAL is an enumerator too.
static inline int clinux_no_signal(void) { return MSG_NOSIGNAL; }

#endif
