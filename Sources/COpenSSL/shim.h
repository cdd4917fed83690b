// OpenSSL 3.0 or later. Macros that Swift cannot import become functions here; never logic.
#ifndef TOKENSERVICE_COPENSSL_SHIM_H
#define TOKENSERVICE_COPENSSL_SHIM_H

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

// OSSL_PARAM keeps the pointer to a parameter's name, so the name must be the C literal and not a Swift copy of it.
static inline const char *copenssl_group_parameter(void) { return OSSL_PKEY_PARAM_GROUP_NAME; }
static inline const char *copenssl_public_key_parameter(void) { return OSSL_PKEY_PARAM_PUB_KEY; }
// EVP_PKEY_PUBLIC_KEY is a macro over other macros.
static inline int copenssl_public_key_selection(void) { return EVP_PKEY_PUBLIC_KEY; }

#endif
