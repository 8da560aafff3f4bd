#include "daemon/control_command.hpp"

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;

constexpr std::chrono::seconds kAuthTimeout{5};

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
    return out;
}

json::object to_json(const CertificateRow& row) {
    auto served = joined(row.served);
    if (row.is_own) served += served.empty() ? "all others" : ", all others";
    return {{"served", served},
            {"own", row.is_own},
            {"names", json::array(row.names.begin(), row.names.end())},
            {"not_before", unix_seconds(row.not_before)},
            {"not_after", unix_seconds(row.not_after)},
            {"key_type", row.key_type},
            {"issuer", row.issuer},
            {"fingerprint", row.fingerprint},
            {"file", row.file},
            {"warning", row.warning}};
}

net::Task<Reply> list(ControlReach& reach, Arguments) {
    ipc::Nothing nothing;
    const auto found =
        co_await reach.auth.call<CertificateList>(kListCertificates, nothing, kAuthTimeout);
    if (!found) co_return control::failure(found.error());
    json::array rows;
    for (const auto& row : found->certificates) rows.push_back(to_json(row));
    co_return control::success(json::object{{"rows", std::move(rows)}});
}

constexpr ControlCommand kCommands[] = {{"tls list", list}};

} // namespace

std::span<const ControlCommand> tls_commands() { return kCommands; }

} // namespace maild::daemon
