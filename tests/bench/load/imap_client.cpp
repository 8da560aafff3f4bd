#include "bench/load/imap_client.hpp"

#include <charconv>

namespace maild::bench {
namespace {

// "{n}" at the end of a line (RFC 9051 §4.3): n octets follow, and then the line goes on.
std::optional<std::uint64_t> literal_behind(std::string_view line) {
    if (!line.ends_with('}')) return std::nullopt;
    const auto brace = line.rfind('{');
    if (brace == std::string_view::npos) return std::nullopt;
    std::uint64_t size = 0;
    const auto end = line.data() + line.size() - 1;
    const auto [stop, fault] = std::from_chars(line.data() + brace + 1, end, size);
    if (fault != std::errc() || stop != end) return std::nullopt;
    return size;
}

} // namespace

net::Task<Result<ImapClient>> ImapClient::open(boost::asio::io_context& io, const Options& options,
                                               const std::string& account) {
    auto connection = co_await Connection::open(io, options.host, options.port, options.tls);
    if (!connection) co_return std::unexpected(connection.error());
    ImapClient client(std::move(*connection));
    const auto greeting = co_await client.connection_->line();
    if (!greeting) co_return std::unexpected(greeting.error());
    if (!greeting->starts_with("* OK"))
        co_return fail(Errc::protocol_error, std::string(*greeting));
    if (options.tls == Tls::starttls) {
        const auto offered = co_await client.command("STARTTLS");
        if (!offered) co_return std::unexpected(offered.error());
        const auto started = co_await client.connection_->start_tls();
        if (!started) co_return std::unexpected(started.error());
    }
    const auto login = "LOGIN " + account + " " + options.password;
    const auto done = co_await client.command(login);
    if (!done) co_return std::unexpected(done.error());
    co_return client;
}

net::Task<Result<Answer>> ImapClient::command(std::string_view text) {
    tag_ = "a" + std::to_string(++commands_);
    const auto line = tag_ + " " + std::string(text) + "\r\n";
    const auto sent = co_await connection_->send(line);
    if (!sent) co_return std::unexpected(sent.error());
    auto result = co_await answer();
    co_return result;
}

net::Task<Result<Answer>> ImapClient::answer() {
    Answer result;
    const auto before = connection_->octets_in();
    bool continues = false; // a literal has ended, and its line has not
    while (true) {
        const auto line = co_await connection_->line();
        if (!line) co_return std::unexpected(line.error());
        if (!continues && !line->starts_with("* ")) {
            if (line->starts_with(tag_ + " OK")) break;
            co_return fail(Errc::protocol_error, std::string(*line));
        }
        if (!continues) ++result.untagged;
        const auto literal = literal_behind(*line);
        continues = literal.has_value();
        if (!continues) continue;
        const auto skipped = co_await connection_->skip(*literal);
        if (!skipped) co_return std::unexpected(skipped.error());
    }
    result.octets = connection_->octets_in() - before;
    co_return result;
}

net::Task<Result<void>> ImapClient::await_continuation() {
    while (true) {
        const auto line = co_await connection_->line();
        if (!line) co_return std::unexpected(line.error());
        if (line->starts_with("+")) co_return Result<void>();
        if (!line->starts_with("* ")) co_return fail(Errc::protocol_error, std::string(*line));
    }
}

net::Task<Result<void>> ImapClient::append(const std::vector<std::string>& messages,
                                           bool literal_plus) {
    tag_ = "a" + std::to_string(++commands_);
    auto text = tag_ + " APPEND INBOX";
    for (const auto& message : messages) {
        text += " {" + std::to_string(message.size()) + (literal_plus ? "+}\r\n" : "}\r\n");
        if (!literal_plus) {
            auto done = co_await connection_->send(text);
            if (!done) co_return done;
            done = co_await await_continuation();
            if (!done) co_return done;
            text.clear();
        }
        text += message;
    }
    text += "\r\n";
    const auto sent = co_await connection_->send(text);
    if (!sent) co_return sent;
    const auto answered = co_await answer();
    if (!answered) co_return std::unexpected(answered.error());
    co_return Result<void>();
}

net::Task<Result<void>> ImapClient::begin_idle() {
    tag_ = "a" + std::to_string(++commands_);
    const auto line = tag_ + " IDLE\r\n";
    const auto sent = co_await connection_->send(line);
    if (!sent) co_return sent;
    const auto waited = co_await await_continuation();
    co_return waited;
}

net::Task<void> ImapClient::logout() {
    const auto done = co_await command("LOGOUT");
    static_cast<void>(done);
    co_await close();
}

} // namespace maild::bench
