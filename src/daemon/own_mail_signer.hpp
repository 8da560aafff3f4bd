#pragma once
// Signs mail of the host's own with the DKIM keys of its author's domain, which stay in `auth`:
// what must not go out unsigned, because it would be taken for forged. Outlived by the directory.

#include "daemon/dkim_signer.hpp"

#include "maild/net/task.hpp"

#include <optional>
#include <string>
#include <utility>

namespace maild::daemon {

class MailSigner {
public:
    virtual ~MailSigner() = default;
    // The message with its DKIM-Signature fields on top. An error: it must not be sent as it is.
    virtual net::Task<Result<std::string>> sign(std::string message) = 0;
};

class OwnMailSigner final : public MailSigner {
public:
    explicit OwnMailSigner(directory::Directory& directory) : signer_(directory) {}

    net::Task<Result<std::string>> sign(std::string message) override {
        std::optional<auth::Token> nobody;
        auto fields = co_await signer_.sign(std::move(nobody), {}, message);
        if (!fields) co_return std::unexpected(std::move(fields.error()));
        if (fields->empty())
            co_return fail(Errc::cannot, "the domain in reports.from has no active DKIM key");
        co_return std::move(*fields) + message;
    }

private:
    DkimSigner signer_;
};

} // namespace maild::daemon
