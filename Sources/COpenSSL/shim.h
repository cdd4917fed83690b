// OpenSSL 3.0 or later. Macros that Swift cannot import become functions here; never logic.
#ifndef TOKENSERVICE_COPENSSL_SHIM_H
#define TOKENSERVICE_COPENSSL_SHIM_H

#include <openssl/bn.h>
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
#include <openssl/x509v3.h>

// OSSL_PARAM keeps the pointer to a parameter's name, so the name must be the C literal and not a Swift copy of it.
static inline const char *copenssl_group_parameter(void) { return OSSL_PKEY_PARAM_GROUP_NAME; }
static inline const char *copenssl_public_key_parameter(void) { return OSSL_PKEY_PARAM_PUB_KEY; }
// EVP_PKEY_PUBLIC_KEY is a macro over other macros.
static inline int copenssl_public_key_selection(void) { return EVP_PKEY_PUBLIC_KEY; }

// X and Z of a point whose x coordinate is X/Z². The affine x costs half as much again as a multiplication of the base
// point, all of it the division. Deprecated since 3.0 without a successor; where it is gone, Z is 1.
static inline int copenssl_jacobian_coordinates(
    const EC_GROUP *group, const EC_POINT *point, BIGNUM *x, BIGNUM *z, BN_CTX *context
) {
#if OPENSSL_VERSION_MAJOR >= 4 || defined(OPENSSL_NO_DEPRECATED_3_0)
    return EC_POINT_get_affine_coordinates(group, point, x, NULL, context) && BN_one(z);
#else
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
    return EC_POINT_get_Jprojective_coordinates_GFp(group, point, x, NULL, z, context);
#pragma clang diagnostic pop
#endif
}

// TLS. Setters that are macros over SSL_CTX_ctrl and SSL_ctrl, and option bits that are macros over a cast.
static inline int copenssl_set_min_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline int copenssl_set_groups(SSL_CTX *context, const char *groups) {
    return (int)SSL_CTX_set1_groups_list(context, groups);
}
static inline void copenssl_set_mode(SSL_CTX *context, long mode) { SSL_CTX_set_mode(context, mode); }
static inline void copenssl_set_session_cache_off(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}
static inline int copenssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}
static inline uint64_t copenssl_common_options(void) {
    return SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CLEANSE_PLAINTEXT;
}
static inline uint64_t copenssl_server_options(void) {
    return SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA;
}
static inline int copenssl_is_key_mismatch(unsigned long code) {
    return ERR_GET_LIB(code) == ERR_LIB_X509
        && (ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH || ERR_GET_REASON(code) == X509_R_KEY_TYPE_MISMATCH);
}

#endif
