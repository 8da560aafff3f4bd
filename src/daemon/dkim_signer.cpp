#include "daemon/dkim_signer.hpp"

#include "maild/base/log.hpp"
#include "maild/mail/header.hpp"

#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

// RFC 6376 §5.4.1, and once more than they are there those that readers are shown or programs act
// on, so that nobody can add one. List-* are not among them: a mailing list that leaves a message
// alone adds them, and the signature is to hold then.
const policy::dkim::SigningOptions& signing_options() {
    static const policy::dkim::SigningOptions options{
        .domain = {},
        .selector = {},
        .oversigned = {"From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID",
                       "In-Reply-To", "References", "MIME-Version", "Content-Type"}};
    return options;
}

} // namespace

net::Task<Result<std::string>> DkimSigner::sign(std::optional<auth::Token> login,
                                                std::string_view above, std::string_view content) {
    const auto body = mail::parse_header(content).body_begin;
    const auto header = std::string(above) + std::string(content.substr(0, body));
    auto prepared = policy::dkim::prepare(header, content.substr(body), signing_options());
    if (!prepared) {
        log::warning("dkim_not_signed", {{"reason", prepared.error().internal}});
        co_return std::string();
    }
    directory::DkimRequest request{std::move(login), std::move(*prepared)};
    const auto made = co_await directory_.sign(std::move(request));
    if (!made) co_return std::unexpected(made.error());
    std::string fields;
    for (const auto& field : made->fields) fields += field;
    if (fields.empty()) log::debug("dkim_not_signed", {{"reason", made->reason}});
    co_return fields;
}

} // namespace maild::daemon
