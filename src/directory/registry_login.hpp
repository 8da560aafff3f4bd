#pragma once
// What the ways of logging in share (registry_login.cpp, registry_scram.cpp).

#include "directory/repository.hpp"

#include "maild/directory/registry.hpp"

#include <optional>
#include <string>

namespace maild::directory {

// Whom a client names, and what its proof is compared with.
struct Registry::Login {
    std::optional<Account> account; // none: there is no such account
    std::string name;               // its own address, or what stands for it
    Credential credential;
    bool has_password = false; // of its own; else nothing matches the credential
    std::vector<StoredAppPassword> app_passwords{};
    const char* refusal = nullptr; // why it fails even with the right password; for the log
};

// The address is nobody's, or none at all.
bool is_absent(const Error& error);
LastLogin seen_now(const LoginAttempt& attempt, const Clock& clock);
// `name`: Login::name, the same however it was spelt.
auth::LoginGuard::Attempt who_tries(const LoginAttempt& attempt,
                                    const std::optional<Account>& account, const std::string& name);
// From a banned network: nothing was looked at.
std::unexpected<auth::LoginRefusal> turn_away(const LoginAttempt& attempt);
std::unexpected<auth::LoginRefusal> deny(const LoginAttempt& attempt,
                                         auth::LoginGuard::Denial denial);

} // namespace maild::directory
