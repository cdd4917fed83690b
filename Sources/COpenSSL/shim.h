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

#endif
