#pragma once
// Sections of the configuration file that are read in files of their own.

#include "daemon/config_table.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace maild::daemon {

void read_tls(ConfigTable& table, TlsFiles& out, ParsedConfig& parsed);
void read_oauth(ConfigTable& table, OauthSettings& out);
void read_dns(ConfigTable& table, DnsSettings& out);
void read_dkim(ConfigTable& table, DkimSettings& out);
void read_verify(ConfigTable& table, VerifySettings& out);
void read_queue(ConfigTable& table, QueueSettings& out, ParsedConfig& parsed);
void read_reports(ConfigTable& table, Config& config); // when hostname and [trace] have been read
void read_notices(ConfigTable& table, NoticeSettings& out);
// Each string of an array; what is none is a fault.
void read_strings(ConfigTable& table, std::string_view key, std::size_t most,
                  const std::function<void(const std::string& text)>& take);
void read_local(ConfigTable& table, LocalSettings& out);
void complete_local(const std::string& hostname, LocalSettings& out);
// `key` is an array of networks.
void read_networks(ConfigTable& table, std::string_view key, std::vector<net::Network>& out);
void read_memory(ConfigTable& table, std::optional<std::uint64_t>& out);
void divide_memory(ParsedConfig& parsed, const HostDefaults& host); // when all has been read
void read_session_limits(ConfigTable& table, Limits& out);
void read_client_limits(ConfigTable& table, auth::ClientLimits& out);
void read_send_limits(ConfigTable& table, directory::SendLimits& out);

} // namespace maild::daemon
