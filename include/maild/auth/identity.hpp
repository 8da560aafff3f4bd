#pragma once
// Who is logged in (RFC 4422: the authorization identity), as a worker knows it.

#include "maild/auth/token.hpp"

#include <optional>
#include <string>
#include <vector>

namespace maild::auth {

struct Identity {
    AccountId account;
    std::string address; // the account's own address, as configured
    Token token;         // Right::access; for store.open_session()
    // Of IMAP, for a program that cannot cope with them: left out of what is told
    // (imap::find_capability).
    std::vector<std::string> hidden_capabilities{};
    // When what proved it is good no longer (an app password that expires): sessions end then.
    std::optional<WallTime> until{};
};

template <class Codec> void describe(Codec& codec, Identity& identity) {
    codec(identity.account, identity.address, identity.token, identity.hidden_capabilities,
          identity.until);
}

// A password as a SASL mechanism or LOGIN command gave it. Never logged.
struct Credentials {
    std::string authzid; // empty, or must name the same account
    std::string authcid;
    std::string password;
};

template <class Codec> void describe(Codec& codec, Credentials& credentials) {
    codec(credentials.authzid, credentials.authcid, credentials.password);
}

// A login by the TLS client certificate of its connection (RFC 4422 appendix A).
struct ExternalLogin {
    std::string authzid; // empty: whom the certificate names; else it must name that account
    std::vector<std::string> chain; // net::TlsBinding::client_chain
};

template <class Codec> void describe(Codec& codec, ExternalLogin& login) {
    codec(login.authzid, login.chain);
}

// A login by an OAuth 2.0 access token (RFC 6750). Never logged.
struct BearerLogin {
    std::string authzid; // empty: whom the issuer names; else it must name that account
    std::string token;
};

template <class Codec> void describe(Codec& codec, BearerLogin& login) {
    codec(login.authzid, login.token);
}

} // namespace maild::auth
