// Whom a domain wants its TLS reports sent to (RFC 8460 §3).
#include "report/rua.hpp"

#include "maild/base/ascii.hpp"
#include "maild/report/tls_outgoing.hpp"

#include <algorithm>

namespace maild::report {
namespace {

constexpr std::string_view kVersion = "v=TLSRPTv1";

// tlsrpt-record: the version, and then a semicolon.
bool is_record(std::string_view text) {
    return text.starts_with(kVersion) && ascii::trim(text.substr(kVersion.size())).starts_with(';');
}

std::string_view uris_of(std::string_view record) {
    while (!record.empty()) {
        const auto field = ascii::trim(record.substr(0, record.find(';')));
        record.remove_prefix(std::min(record.find(';'), record.size() - 1) + 1);
        if (field.starts_with("rua=")) return field.substr(4);
    }
    return {};
}

} // namespace

TlsDestinations tls_destinations_of(std::span<const std::string> texts) {
    TlsDestinations out;
    if (std::ranges::count_if(texts, is_record) != 1) return out;
    auto uris = uris_of(*std::ranges::find_if(texts, is_record));
    for (std::size_t i = 0; !uris.empty() && i < kMaxDestinations; ++i) {
        const auto uri = ascii::trim(uris.substr(0, uris.find(',')));
        uris.remove_prefix(std::min(uris.find(','), uris.size() - 1) + 1);
        if (!ascii::starts_with_icase(uri, "mailto:")) {
            if (!uri.empty()) out.others.emplace_back(uri.substr(0, 200));
            continue;
        }
        auto destination = destination_of(uri);
        if (destination && !is_known(out.mail, destination->address))
            out.mail.push_back(std::move(*destination));
    }
    return out;
}

} // namespace maild::report
