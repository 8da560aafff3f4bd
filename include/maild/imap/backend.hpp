#pragma once
// What an IMAP session asks of the host behind it: who may log in, and the mail. `daemon`
// implements it over auth and store, tests with a double. One backend serves all sessions of a
// worker on its one thread and outlives them.

#include "maild/auth/sasl_login.hpp"
#include "maild/imap/read_aheads.hpp"
#include "maild/store/message_store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace maild::imap {

// An account of this host, as a client names it.
struct Referral {
    AccountId account;
    std::string address;
    std::optional<auth::Token> visit; // Right::visit, for store.open_shared(); none: nobody may
};

class Backend {
public:
    virtual ~Backend() = default;

    virtual auth::Authenticator& authenticator() = 0;
    virtual store::MessageStore& store() = 0;

    // The account that has exactly this address; no_such_account, no_such_domain or
    // invalid_argument. Without it nothing is shared here.
    virtual net::Task<Result<Referral>> refer(std::string address) {
        static_cast<void>(address);
        co_return fail(Errc::no_such_account);
    }
    // Those that are there, in this order; at most 1000.
    virtual net::Task<Result<std::vector<Referral>>> refer_all(std::vector<AccountId> accounts) {
        static_cast<void>(accounts);
        co_return std::vector<Referral>();
    }

    // What everybody may know of the server: /shared/comment and /shared/admin (RFC 5464 §6.2), as
    // far as the administrator has set them.
    virtual std::vector<store::Annotation> server_annotations() const { return {}; }

    // Of all sessions of this process, whichever Server they began with.
    ReadAheads& read_aheads() { return read_aheads_; }

private:
    ReadAheads read_aheads_;
};

} // namespace maild::imap
