#include "relay/login.hpp"

#include "maild/auth/scram_client.hpp"
#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"

#include <algorithm>
#include <array>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::relay {
namespace {

constexpr std::string_view kMechanisms[] = {"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"};
constexpr std::size_t kMaxCommand = 510; // RFC 5321 §4.5.3.1.4; a longer response waits for 334

// What goes wrong with a login is ours to repair, so mail waits for it.
Outcome refused(Outcome outcome) {
    outcome.fate = Fate::deferred;
    outcome.scope = Scope::host;
    return outcome;
}
Outcome refused(std::string words, const Conversation& with) {
    auto out = verdict("4.7.8", std::move(words), Stage::login, Scope::host);
    out.host = with.host();
    return out;
}

// Our side of one exchange: what is said next. An error ends it.
class Exchange {
public:
    virtual ~Exchange() = default;
    virtual std::string first() = 0;
    virtual bool begins() const { return true; } // with something to say
    virtual Result<std::string> next(const std::string& challenge) = 0;
    virtual bool is_satisfied() const { return true; }
};

class Plain final : public Exchange {
public:
    explicit Plain(const Credentials& c) : text_('\0' + c.name + '\0' + c.password) {}
    std::string first() override { return text_; }
    Result<std::string> next(const std::string&) override {
        return fail(Errc::protocol_error, "PLAIN: the server wants more than there is");
    }

private:
    std::string text_;
};

class Login final : public Exchange { // two questions, whatever their words
public:
    explicit Login(const Credentials& c) : answers_{c.name, c.password} {}
    std::string first() override { return {}; }
    bool begins() const override { return false; }
    Result<std::string> next(const std::string&) override {
        if (asked_ == answers_.size())
            return fail(Errc::protocol_error, "LOGIN: the server wants more than there is");
        return answers_[asked_++];
    }

private:
    std::array<std::string, 2> answers_;
    std::size_t asked_ = 0;
};

class Scram final : public Exchange {
public:
    Scram(auth::ScramHash hash, const Credentials& c, std::string nonce)
        : client_(hash, c.name, c.password, std::move(nonce)) {}
    std::string first() override { return client_.first(); }
    Result<std::string> next(const std::string& challenge) override {
        ++steps_;
        if (steps_ == 1) return client_.final(challenge);
        if (is_satisfied_ || !client_.is_proven_by(challenge))
            return fail(Errc::protocol_error, "SCRAM: the server does not know the password");
        is_satisfied_ = true;
        return std::string();
    }
    // RFC 5802 §3: who only says 235 has proven nothing.
    bool is_satisfied() const override { return is_satisfied_; }

private:
    auth::ScramClient client_;
    int steps_ = 0;
    bool is_satisfied_ = false;
};

std::string make_nonce(Random& random) {
    std::array<std::byte, 18> octets{};
    random.fill(octets);
    return base64_encode({reinterpret_cast<const char*>(octets.data()), octets.size()});
}

std::unique_ptr<Exchange> make_exchange(std::string_view mechanism, const Credentials& c,
                                        Random& random) {
    if (mechanism == "PLAIN") return std::make_unique<Plain>(c);
    if (mechanism == "LOGIN") return std::make_unique<Login>(c);
    const auto hash = mechanism == "SCRAM-SHA-1" ? auth::ScramHash::sha1 : auth::ScramHash::sha256;
    return std::make_unique<Scram>(hash, c, make_nonce(random));
}

// RFC 4954 §4: a response of no octets is "=" beside the command.
std::string begin(const std::string& mechanism, Exchange& exchange, bool& said_first) {
    auto command = "AUTH " + mechanism;
    if (!exchange.begins()) return command;
    auto response = base64_encode(exchange.first());
    said_first = command.size() + 1 + response.size() <= kMaxCommand;
    return said_first ? command + " " + response : command;
}

} // namespace

std::string choose_mechanism(const Credentials& credentials, const Capabilities& offered) {
    for (const auto mechanism : kMechanisms)
        if (offered.has_mechanism(mechanism) &&
            (credentials.mechanism.empty() || credentials.mechanism == mechanism))
            return std::string(mechanism);
    return {};
}

net::Task<Result<void, Outcome>> log_in(Conversation& with, const Credentials& credentials,
                                        std::string mechanism, Random& random,
                                        std::chrono::milliseconds timeout) {
    const auto exchange = make_exchange(mechanism, credentials, random);
    bool said_first = !exchange->begins();
    auto command = begin(mechanism, *exchange, said_first);
    for (int rounds = 0; rounds < 8; ++rounds) {
        const auto reply = co_await with.ask(command, timeout);
        if (!reply) co_return std::unexpected(refused(with.outcome(reply.error(), Stage::login)));
        if (reply->code == 235 && exchange->is_satisfied()) co_return Result<void, Outcome>{};
        if (reply->code == 235)
            co_return std::unexpected(refused("the server has not proven who it is", with));
        if (reply->code != 334)
            co_return std::unexpected(refused(with.outcome(*reply, Stage::login, Scope::host)));
        const auto challenge = base64_decode(ascii::trim(reply->lines.front()));
        Result<std::string> response = std::string();
        if (!said_first)
            response = exchange->first();
        else if (challenge)
            response = exchange->next(*challenge);
        else if (!exchange->begins()) // LOGIN: nobody reads the questions
            response = exchange->next({});
        else
            response = fail(Errc::protocol_error, "the server's challenge is not base64");
        said_first = true;
        if (!response) {
            const auto cancelled = co_await with.ask("*", timeout); // RFC 4954 §4
            static_cast<void>(cancelled);
            co_return std::unexpected(refused(response.error().internal, with));
        }
        command = base64_encode(*response);
    }
    co_return std::unexpected(refused("the server's login has no end", with));
}

} // namespace maild::relay
