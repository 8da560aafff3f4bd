#include "bench/load/options.hpp"

#include <charconv>
#include <functional>
#include <string_view>

namespace maild::bench {
namespace {

struct Row {
    std::string_view name;
    std::string_view help;
    bool (*apply)(Options& options, std::string_view word);
};

template <class Number> bool read(std::string_view word, Number& number) {
    const auto end = word.data() + word.size();
    const auto [stop, fault] = std::from_chars(word.data(), end, number);
    return fault == std::errc() && stop == end;
}

bool read_yes(std::string_view word, bool& value) {
    value = word == "yes";
    return value || word == "no";
}

template <class Value> struct Word {
    std::string_view word;
    Value value;
};
template <class Value, std::size_t count>
bool read_word(std::string_view word, const Word<Value> (&words)[count], Value& value) {
    for (const auto& one : words) {
        if (one.word != word) continue;
        value = one.value;
        return true;
    }
    return false;
}

constexpr Word<Tls> kTls[] = {
    {"none", Tls::none}, {"starttls", Tls::starttls}, {"implicit", Tls::implicit}};
constexpr Word<Protocol> kProtocols[] = {{"lmtp", Protocol::lmtp},
                                         {"smtp", Protocol::smtp},
                                         {"imap", Protocol::imap},
                                         {"pop3", Protocol::pop3}};

bool read_host(std::string_view word, net::IpAddress& host) {
    const auto address = net::parse_ip(word);
    if (address) host = *address;
    return address.has_value();
}

// The number belongs to the command that follows.
bool add_step(Options& options, std::string_view word, bool is_timed) {
    auto& steps = options.steps;
    if (steps.empty() || !steps.back().command.empty()) steps.emplace_back();
    steps.back().command = word;
    steps.back().is_timed = is_timed;
    return !word.empty();
}
bool add_times(Options& options, std::string_view word) {
    options.steps.emplace_back();
    return read(word, options.steps.back().times) && options.steps.back().times > 0;
}

bool add_directory(Options& options, std::string_view word) {
    options.drained.emplace_back(word);
    return true;
}

constexpr Row kRows[] = {
    {"--host", "address (127.0.0.1)",
     [](Options& o, std::string_view word) { return read_host(word, o.host); }},
    {"--port", "port", [](Options& o, std::string_view word) { return read(word, o.port); }},
    {"--tls", "none, starttls or implicit (none); no certificate is verified",
     [](Options& o, std::string_view word) { return read_word(word, kTls, o.tls); }},
    {"--protocol", "lmtp, smtp, imap or pop3 (lmtp for deliver, else imap)",
     [](Options& o, std::string_view word) { return read_word(word, kProtocols, o.protocol); }},
    {"--connections", "that work at once (1); idle: that wait",
     [](Options& o, std::string_view word) { return read(word, o.connections); }},
    {"--operations", "all connections together (1000)",
     [](Options& o, std::string_view word) { return read(word, o.operations); }},
    {"--account", "pattern, %n is 1, 2, … (user%n@example.org)",
     [](Options& o, std::string_view word) { return !(o.account = word).empty(); }},
    {"--accounts", "so many there are (100)",
     [](Options& o, std::string_view word) { return read(word, o.accounts) && o.accounts > 0; }},
    {"--first", "account of the first connection; append, imap, pop3 (1)",
     [](Options& o, std::string_view word) { return read(word, o.first); }},
    {"--password", "of all accounts (pw)",
     [](Options& o, std::string_view word) { return !(o.password = word).empty(); }},
    {"--charge", "whose CPU and memory: PIDs (a tree each), cgroups, with commas",
     [](Options& o, std::string_view word) { return !(o.charged = word).empty(); }},
    {"--label", "repeated in the answer",
     [](Options& o, std::string_view word) { return !(o.label = word).empty(); }},
    {"--size", "octets of a message (4096)",
     [](Options& o, std::string_view word) { return read(word, o.size); }},
    {"--recipients", "of each message (1)",
     [](Options& o, std::string_view word) { return read(word, o.recipients); }},
    {"--pipeline", "yes or no (yes, where it is offered)",
     [](Options& o, std::string_view word) { return read_yes(word, o.pipelines); }},
    {"--reconnect", "yes: a new connection for each message (no)",
     [](Options& o, std::string_view word) { return read_yes(word, o.reconnects); }},
    {"--drained", "directory that is empty once all is delivered; may be repeated", add_directory},
    {"--multiple", "messages in one APPEND (1)",
     [](Options& o, std::string_view word) { return read(word, o.multiple) && o.multiple > 0; }},
    {"--literal-plus", "yes: APPEND does not wait for the server's + (no)",
     [](Options& o, std::string_view word) { return read_yes(word, o.has_literal_plus); }},
    {"--word", "to be found in some messages",
     [](Options& o, std::string_view word) { return !(o.word = word).empty(); }},
    {"--every", "in each so many (0: in none)",
     [](Options& o, std::string_view word) { return read(word, o.every); }},
    {"--window", "RETR that are under way at once (1)",
     [](Options& o, std::string_view word) { return read(word, o.window) && o.window > 0; }},
    {"--times", "how often the next --do is done (1)", add_times},
    {"--do", "an IMAP command, timed; %i in it is the repetition",
     [](Options& o, std::string_view word) { return add_step(o, word, true); }},
    {"--quietly", "an IMAP command, not timed",
     [](Options& o, std::string_view word) { return add_step(o, word, false); }},
    {"--probes", "deliveries to idle connections (100)",
     [](Options& o, std::string_view word) { return read(word, o.probes); }},
    {"--delivery-port", "where they go",
     [](Options& o, std::string_view word) { return read(word, o.delivery_port); }},
    {"--delivery-protocol", "lmtp or smtp (lmtp)",
     [](Options& o, std::string_view word) {
         return read_word(word, kProtocols, o.delivery_protocol);
     }},
    {"--settle", "seconds before memory is read (3)",
     [](Options& o, std::string_view word) { return read(word, o.settle_seconds); }},
    {"--rest", "seconds in which idle connections are left alone, and charged (0: no such line)",
     [](Options& o, std::string_view word) { return read(word, o.rest_seconds); }},
};

const Row* find(std::string_view name) {
    for (const auto& row : kRows)
        if (row.name == name) return &row;
    return nullptr;
}

} // namespace

std::string Options::account_name(std::uint64_t number) const {
    auto name = account;
    if (const auto at = name.find("%n"); at != std::string::npos)
        name.replace(at, 2, std::to_string((number + accounts - 1) % accounts + 1));
    return name;
}

std::string usage() {
    std::string text =
        "maild_load MODE --port PORT [--option value]…\n\n"
        "Loads a mail server and tells what that cost it; one line of JSON for each "
        "measurement.\n\n"
        "  deliver  messages by LMTP or SMTP      login  connect, log in, log out\n"
        "  append   messages by APPEND            imap   the commands of --do, one by one\n"
        "  pop3     RETR of all messages          idle   many connections in IDLE, and deliveries\n"
        "  memory   of --charge, now              handshake  connect, be greeted, close\n"
        "  tls      memory of OpenSSL's alone, for each connection that waits; no server\n\n";
    for (const auto& row : kRows) {
        text += "  " + std::string(row.name);
        text.append(22 - row.name.size(), ' ');
        text += std::string(row.help) + "\n";
    }
    return text;
}

std::string parse_options(int argc, char** argv, Options& options) {
    if (argc < 2) return "a mode is missing";
    options.mode = argv[1];
    options.host = *net::parse_ip("127.0.0.1");
    if (options.mode == "deliver") options.protocol = Protocol::lmtp;
    for (int i = 2; i < argc; i += 2) {
        const auto* row = find(argv[i]);
        if (row == nullptr) return "unknown option " + std::string(argv[i]);
        if (i + 1 == argc) return std::string(row->name) + " wants a value";
        if (!row->apply(options, argv[i + 1]))
            return std::string(row->name) + ": not " + std::string(argv[i + 1]);
    }
    for (const auto& step : options.steps)
        if (step.command.empty()) return "--times without --do";
    return {};
}

} // namespace maild::bench
