#pragma once
// IMAP's view of this host, in a worker: logins go to `auth`, mail to `store`.

#include "daemon/authenticator.hpp"
#include "daemon/config.hpp"

#include "maild/imap/backend.hpp"

#include <vector>

namespace maild::daemon {

class ImapBackend final : public imap::Backend {
public:
    // Both outlive the backend.
    ImapBackend(directory::Directory& directory, store::MessageStore& store)
        : directory_(directory),
          authenticator_(directory, directory::Service::imap),
          store_(store) {}

    auth::Authenticator& authenticator() override { return authenticator_; }
    store::MessageStore& store() override { return store_; }
    std::vector<store::Annotation> server_annotations() const override { return annotations_; }
    net::Task<Result<imap::Referral>> refer(std::string address) override {
        auto found = co_await directory_.refer(std::move(address));
        if (!found) co_return std::unexpected(std::move(found.error()));
        co_return imap::Referral{found->account, std::move(found->address),
                                 std::move(found->visit)};
    }
    net::Task<Result<std::vector<imap::Referral>>>
    refer_all(std::vector<AccountId> accounts) override {
        std::vector<imap::Referral> referrals;
        if (accounts.empty()) co_return referrals;
        auto found = co_await directory_.refer_all(std::move(accounts));
        if (!found) co_return std::unexpected(std::move(found.error()));
        for (auto& one : *found)
            referrals.push_back({one.account, std::move(one.address), std::move(one.visit)});
        co_return referrals;
    }
    void set_annotations(const ImapSettings& settings) {
        annotations_ = {{"/shared/admin", settings.admin}, {"/shared/comment", settings.comment}};
    }

private:
    directory::Directory& directory_;
    Authenticator authenticator_;
    store::MessageStore& store_;
    std::vector<store::Annotation> annotations_; // empty values: there is none
};

} // namespace maild::daemon
