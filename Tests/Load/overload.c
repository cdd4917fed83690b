/* Offers HTTP requests on one thread, either as fast as answers come (a rate of 0) or on schedule, whether or not they do.

     overload PORT REQUESTS RATE CONNECTIONS BURST WARM SECONDS ONCE [BODIES]

   REQUESTS is a file: for each request its length in decimal, a line feed, and its bytes. A connection has BURST requests
   on their way at most, sent together; a request that is due while no connection is free is counted as missed. With ONCE
   of 1 each request is sent until it is answered other than with 429 or 503, and then no more. BODIES gets the bodies of
   good answers, one a line. What happens in the first WARM seconds is not counted.

   An answer's time is from just before send(2) to the kernel's own timestamp of the packet, so that what this program
   does not read at once is not the service's fault; how late requests were sent is told beside it. The figures are one line
   of JSON. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BURST_MAX = 64, BUFFER = 65536, ROUND_MAX = 256 };

struct request {
    const char *bytes;
    uint32_t length;
};

struct connection {
    int socket;
    int waiting;
    uint32_t held[BURST_MAX];
    int first;
    int64_t sent;
    size_t used;
    char *buffer;
};

struct samples {
    uint32_t *tenths;
    size_t count, room;
};

static struct request *requests;
static uint32_t *pool;
static size_t request_count, pool_head, pool_count;
static struct connection *connections;
static int *idle;
static int idle_count, connection_count, burst, once, poller, port;
static FILE *bodies;
static struct samples good, refused, late;
static long statuses[600], sent_count, missed, reconnected, dropped;
static int64_t counted_from, counted_to;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(2);
}

static void note(struct samples *into, int64_t nanoseconds) {
    if (into->count == into->room) {
        into->room = into->room ? into->room * 2 : 65536;
        into->tenths = realloc(into->tenths, into->room * sizeof *into->tenths);
        if (!into->tenths)
            fail("realloc");
    }
    into->tenths[into->count++] = nanoseconds < 0 ? 0 : (uint32_t)(nanoseconds / 100);
}

static void read_requests(const char *name) {
    int file = open(name, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (file < 0 || fstat(file, &about) < 0)
        fail(name);
    char *text = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (text == MAP_FAILED)
        fail("mmap");
    size_t room = 0;
    for (char *at = text, *end = text + about.st_size; at < end;) {
        char *after;
        unsigned long length = strtoul(at, &after, 10);
        if (request_count == room) {
            room = room ? room * 2 : 4096;
            requests = realloc(requests, room * sizeof *requests);
            if (!requests)
                fail("realloc");
        }
        requests[request_count++] = (struct request){after + 1, (uint32_t)length};
        at = after + 1 + length;
    }
    pool = malloc(request_count * sizeof *pool);
    if (!pool || !request_count)
        fail("no requests");
    for (size_t index = 0; index < request_count; index++)
        pool[index] = (uint32_t)index;
    pool_count = request_count;
}

/* The next request to send, taken out of the pool where each counts once. */
static uint32_t take(void) {
    uint32_t index = pool[pool_head];
    pool_head = (pool_head + 1) % request_count;
    if (once)
        pool_count--;
    return index;
}

static void give_back(uint32_t index) {
    if (!once)
        return;
    pool[(pool_head + pool_count) % request_count] = index;
    pool_count++;
}

static void open_connection(struct connection *connection) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1;
    connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->socket < 0 || connect(connection->socket, (struct sockaddr *)&address, sizeof address) < 0)
        fail("connect");
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(connection->socket, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
    fcntl(connection->socket, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, connection->socket, &event) < 0)
        fail("epoll_ctl");
    connection->waiting = 0;
    connection->used = 0;
    idle[idle_count++] = (int)(connection - connections);
}

/* The connection is gone; what had no answer yet is told and may be sent again. */
static void lose(struct connection *connection) {
    dropped += connection->waiting;
    while (connection->waiting > 0) {
        give_back(connection->held[connection->first++]);
        connection->waiting--;
    }
    close(connection->socket);
    reconnected++;
    open_connection(connection);
}

/* Sends as many requests as make a burst on a connection that has none under way; false where none is left. */
static int ask(struct connection *connection, int64_t due) {
    static char out[BUFFER];
    size_t length = 0;
    connection->first = connection->waiting = 0;
    while (connection->waiting < burst && pool_count > 0) {
        uint32_t index = take();
        if (length + requests[index].length > sizeof out) {
            give_back(index);
            break;
        }
        memcpy(out + length, requests[index].bytes, requests[index].length);
        length += requests[index].length;
        connection->held[connection->waiting++] = index;
    }
    if (connection->waiting == 0) {
        idle[idle_count++] = (int)(connection - connections);
        return 0;
    }
    connection->sent = now();
    if (connection->sent >= counted_from && connection->sent < counted_to) {
        sent_count += connection->waiting;
        note(&late, connection->sent - due);
    }
    if (send(connection->socket, out, length, MSG_NOSIGNAL) != (ssize_t)length)
        lose(connection);
    return 1;
}

static void answered(struct connection *connection, int status, const char *body, size_t length, int64_t at) {
    uint32_t index = connection->held[connection->first++];
    connection->waiting--;
    int is_refusal = status == 503 || status == 429;
    if (is_refusal)
        give_back(index);
    if (bodies && status < 300) {
        fwrite(body, 1, length, bodies);
        fputc('\n', bodies);
    }
    if (at < counted_from || at >= counted_to)
        return;
    statuses[status < 600 ? status : 0]++;
    if (status < 300)
        note(&good, at - connection->sent);
    else if (is_refusal)
        note(&refused, at - connection->sent);
}

/* Takes the whole answers out of the buffer; false where the connection is over. */
static int take_answers(struct connection *connection, int64_t at) {
    size_t done = 0;
    int goes_on = 1;
    while (goes_on) {
        char *start = connection->buffer + done;
        char *end = memmem(start, connection->used - done, "\r\n\r\n", 4);
        if (!end)
            break;
        char *length_field = memmem(start, (size_t)(end - start), "Content-Length: ", 16);
        size_t length = length_field ? strtoul(length_field + 16, NULL, 10) : 0;
        size_t whole = (size_t)(end - start) + 4 + length;
        if (connection->used - done < whole)
            break;
        goes_on = memmem(start, (size_t)(end - start), "Connection: close", 17) == NULL;
        if (connection->waiting == 0)
            break;
        answered(connection, atoi(start + 9), end + 4, length, at);
        done += whole;
    }
    memmove(connection->buffer, connection->buffer + done, connection->used - done);
    connection->used -= done;
    return goes_on;
}

/* Reads once; the time is that of the last packet read, by the kernel. */
static void receive(struct connection *connection) {
    struct iovec part = {connection->buffer + connection->used, BUFFER - 1 - connection->used};
    char control[128];
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t count = recvmsg(connection->socket, &message, 0);
    if (count < 0 && errno == EAGAIN)
        return;
    int64_t at = 0;
    if (count > 0)
        for (struct cmsghdr *field = CMSG_FIRSTHDR(&message); field; field = CMSG_NXTHDR(&message, field))
            if (field->cmsg_level == SOL_SOCKET && field->cmsg_type == SCM_TIMESTAMPNS) {
                struct timespec time;
                memcpy(&time, CMSG_DATA(field), sizeof time);
                at = time.tv_sec * 1000000000LL + time.tv_nsec;
            }
    if (count > 0) {
        connection->used += (size_t)count;
        connection->buffer[connection->used] = 0;
    }
    int was_waiting = connection->waiting;
    if (count <= 0 || !take_answers(connection, at ? at : now())) {
        // One that is idle already is listed; it must not be so twice.
        if (was_waiting == 0)
            for (int index = 0; index < idle_count; index++)
                if (idle[index] == connection - connections)
                    idle[index--] = idle[--idle_count];
        lose(connection);
    } else if (was_waiting > 0 && connection->waiting == 0) {
        idle[idle_count++] = (int)(connection - connections);
    }
}

static int by_size(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void print(const char *name, struct samples *of) {
    qsort(of->tenths, of->count, sizeof *of->tenths, by_size);
    double p[4] = {0};
    if (of->count) {
        double shares[4] = {0.5, 0.9, 0.99, 1};
        for (int index = 0; index < 4; index++) {
            size_t place = (size_t)((double)of->count * shares[index]);
            p[index] = of->tenths[place < of->count ? place : of->count - 1] / 10000.0;
        }
    }
    printf("\"%s\":{\"count\":%zu,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"max\":%.3f},", name, of->count, p[0], p[1], p[2], p[3]);
}

/* Offers requests until the time is over; the last moment at which there was one to send. */
static int64_t offer(double rate, int64_t begun, int64_t end) {
    struct epoll_event events[ROUND_MAX];
    int64_t planned = 0, at = begun;
    while (at < end && pool_count > 0) {
        int64_t due = rate > 0 ? (int64_t)((double)(at - begun) * rate / 1e9) : INT64_MAX;
        for (int sent = 0; sent < ROUND_MAX && idle_count > 0 && (rate <= 0 || planned + burst <= due); sent++) {
            int64_t when = rate > 0 ? begun + (int64_t)((double)planned / rate * 1e9) : at;
            if (!ask(&connections[idle[--idle_count]], when))
                break;
            planned += burst;
        }
        if (rate > 0 && idle_count == 0 && planned < due) {
            if (at >= counted_from)
                missed += due - planned;
            planned = due;
        }
        int count = epoll_wait(poller, events, ROUND_MAX, rate > 0 ? 0 : 10);
        for (int index = 0; index < count; index++)
            receive(events[index].data.ptr);
        at = now();
    }
    return at;
}

int main(int argc, char **argv) {
    if (argc < 9) {
        fprintf(stderr, "usage: %s PORT REQUESTS RATE CONNECTIONS BURST WARM SECONDS ONCE [BODIES]\n", argv[0]);
        return 2;
    }
    port = atoi(argv[1]);
    read_requests(argv[2]);
    double rate = atof(argv[3]);
    connection_count = atoi(argv[4]);
    burst = atoi(argv[5]);
    once = atoi(argv[8]);
    if (argc > 9 && !(bodies = fopen(argv[9], "w")))
        fail(argv[9]);
    if (connection_count < 1 || burst < 1 || burst > BURST_MAX) {
        fprintf(stderr, "at least one connection, and bursts of 1 to %d\n", BURST_MAX);
        return 2;
    }
    poller = epoll_create1(EPOLL_CLOEXEC);
    connections = calloc((size_t)connection_count, sizeof *connections);
    idle = calloc((size_t)connection_count, sizeof *idle);
    if (poller < 0 || !connections || !idle)
        fail("epoll_create1");
    for (int index = 0; index < connection_count; index++) {
        if (!(connections[index].buffer = malloc(BUFFER)))
            fail("malloc");
        open_connection(&connections[index]);
    }
    int64_t begun = now(), end = begun + (int64_t)((atof(argv[6]) + atof(argv[7])) * 1e9);
    counted_from = begun + (int64_t)(atof(argv[6]) * 1e9);
    counted_to = end;
    int64_t ended = offer(rate, begun, end);
    double seconds = (double)(ended - counted_from) / 1e9;
    int waiting = 0;
    for (int index = 0; index < connection_count; index++)
        waiting += connections[index].waiting;
    printf("{\"seconds\":%.3f,\"sent\":%ld,\"missed\":%ld,\"waiting\":%d,\"reconnected\":%ld,\"dropped\":%ld,\"left\":%zu,",
           seconds, sent_count, missed, waiting, reconnected, dropped, pool_count);
    print("good", &good);
    print("refused", &refused);
    print("late", &late);
    printf("\"statuses\":{");
    for (int status = 0, written = 0; status < 600; status++)
        if (statuses[status])
            printf("%s\"%d\":%ld", written++ ? "," : "", status, statuses[status]);
    printf("}}\n");
    return bodies && fclose(bodies) ? 2 : 0;
}
