#pragma once
// Signs the sender's reports by `auth`, which does so for this author alone. The directory outlives
// it.

#include "daemon/dkim_signer.hpp"

#include "maild/sender/reporter.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace maild::daemon {

class DsnSigner final : public sender::OwnSigner {
public:
    explicit DsnSigner(directory::Directory& directory) : signer_(directory) {}

    net::Task<Result<std::string>> fields_for(std::string_view message) override {
        std::optional<auth::Token> nobody;
        auto fields = co_await signer_.sign(std::move(nobody), {}, message);
        co_return fields;
    }

private:
    DkimSigner signer_;
};

} // namespace maild::daemon
