#include "directory/login_records.hpp"

#include "maild/auth/ban_list.hpp"

namespace maild::directory {

std::string network_of(const std::string& address) {
    const auto ip = net::parse_ip(address);
    return ip ? net::format_network(auth::peer_network(*ip)) : address;
}

void LoginRecords::note_login(AccountId account, const LastLogin& login) {
    failures_.erase({account, network_of(login.address)});
    logins_[{account, login.service}] = login;
}

void LoginRecords::note_failure(AccountId account, const LastLogin& attempt) {
    const auto network = network_of(attempt.address);
    const auto found = failures_.find({account, network});
    if (found == failures_.end() && failures_.size() >= kMostFailures) return;
    auto& failures = failures_[{account, network}];
    if (failures.count == 0) failures.first = attempt.at;
    failures.network = network;
    failures.service = attempt.service;
    failures.last = attempt.at;
    ++failures.count;
}

void LoginRecords::note_app_password(std::int64_t id, const LastLogin& login) { uses_[id] = login; }

// Logins first: they end the failures that were before them, and what failed behind them is new.
Result<void> LoginRecords::write(Repository& rows) const {
    for (const auto& [key, login] : logins_) {
        auto done = rows.store_login(key.first, login);
        if (done) done = rows.delete_login_failures(key.first, network_of(login.address));
        if (!done) return done;
    }
    for (const auto& [id, use] : uses_)
        if (auto done = rows.store_app_password_use(id, use); !done) return done;
    for (const auto& [key, failures] : failures_)
        if (auto done = rows.add_login_failures(key.first, failures); !done) return done;
    return {};
}

void LoginRecords::clear() {
    logins_.clear();
    failures_.clear();
    uses_.clear();
}

} // namespace maild::directory
