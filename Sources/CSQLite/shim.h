// SQLite 3.40 or later. Macros and variadics that Swift cannot import become functions here; never logic.
#ifndef TOKENSERVICE_CSQLITE_SHIM_H
#define TOKENSERVICE_CSQLITE_SHIM_H

#include <sqlite3.h>

// SQLITE_TRANSIENT and SQLITE_STATIC are casts of integers to a function pointer.
static inline sqlite3_destructor_type csqlite_transient(void) { return SQLITE_TRANSIENT; }
static inline sqlite3_destructor_type csqlite_static(void) { return SQLITE_STATIC; }

// sqlite3_config is variadic. Allocation statistics cost a process-wide lock on every allocation, and nobody reads them.
static inline int csqlite_disable_memory_statistics(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

#endif
