// libpq 14 or later. Macros that Swift cannot import become functions here; never logic.
#ifndef TOKENSERVICE_CPOSTGRES_SHIM_H
#define TOKENSERVICE_CPOSTGRES_SHIM_H

#include <postgresql/libpq-fe.h>

// Fields of an error, defined as character constants.
static inline int cpostgres_sqlstate(void) { return 'C'; }
static inline int cpostgres_message(void) { return 'M'; }

// Notices go nowhere: without a processor libpq writes them to standard error.
static inline void cpostgres_ignore(void *context, const char *message) {
    (void)context;
    (void)message;
}
static inline void cpostgres_ignore_notices(PGconn *connection) {
    PQsetNoticeProcessor(connection, cpostgres_ignore, (void *)0);
}

#endif
