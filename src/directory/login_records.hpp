#pragma once
// What logins leave in the directory: where accounts logged in last, and from where it failed.
// Gathered here and written together now and then, because a login must not wait for the disk.
// What was not written yet is lost in a crash, and nobody depends on it.

#include "directory/repository.hpp"

#include <map>
#include <string>
#include <utility>

namespace maild::directory {

class LoginRecords {
public:
    static constexpr std::size_t kMostFailures = 10'000; // more networks than this are not noted

    void note_login(AccountId account, const LastLogin& login);
    void note_failure(AccountId account, const LastLogin& attempt);
    void note_app_password(std::int64_t id, const LastLogin& login);
    bool empty() const { return logins_.empty() && failures_.empty() && uses_.empty(); }
    // Into the transaction that the caller has begun; clear() once that is committed.
    Result<void> write(Repository& rows) const;
    void clear();

private:
    std::map<std::pair<AccountId, std::string>, LastLogin> logins_;       // by service
    std::map<std::pair<AccountId, std::string>, LoginFailures> failures_; // by network
    std::map<std::int64_t, LastLogin> uses_;                              // of app passwords
};

// The network that an address is counted in, as text; the address itself where it is none.
std::string network_of(const std::string& address);

} // namespace maild::directory
