#pragma once
// What the command line of maild_load says.

#include "maild/net/ip.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace maild::bench {

enum class Tls : std::uint8_t { none, starttls, implicit };
enum class Protocol : std::uint8_t { lmtp, smtp, imap, pop3 };

// One IMAP command of the mode `imap`; "%i" in it is the number of the repetition, from 1.
struct Step {
    std::string command;
    std::uint32_t times = 1;
    bool is_timed = true;
};

struct Options {
    std::string mode;
    net::IpAddress host{};
    std::uint16_t port = 0;
    Tls tls = Tls::none;
    Protocol protocol = Protocol::imap;
    std::size_t connections = 1;
    std::uint64_t operations = 1000;
    std::string account = "user%n@example.org"; // %n: from 1 to `accounts`
    std::size_t accounts = 100;
    std::size_t first = 1; // the account of the first connection, where each has its own
    std::string password = "pw";
    std::string charged; // PIDs and cgroups, see servers.hpp
    std::string label;

    std::size_t size = 4096; // of a message
    std::size_t recipients = 1;
    std::size_t multiple = 1; // messages in one APPEND
    std::size_t window = 1;   // RETR under way at once
    std::string word;         // stands in one of `every` messages
    std::uint64_t every = 0;
    bool pipelines = true;
    bool reconnects = false;
    bool has_literal_plus = false;
    std::vector<std::string> drained; // directories that are empty when everything is delivered
    std::vector<Step> steps;

    std::size_t probes = 100;
    std::uint16_t delivery_port = 0;
    Protocol delivery_protocol = Protocol::lmtp;
    std::uint32_t settle_seconds = 3;
    std::uint32_t rest_seconds = 0; // in which nothing is done

    std::string account_name(std::uint64_t number) const; // any number: they repeat
};

std::string usage();
// Empty, or what is wrong with the words.
std::string parse_options(int argc, char** argv, Options& options);

} // namespace maild::bench
