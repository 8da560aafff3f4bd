#pragma once
// A server that follows a script, in a thread of its own at the other end of a socket pair. A line
// of the script:
//   S: text      says it, with CRLF
//   S\ text      says it as it is, with \r \n \0 \xHH for octets
//   C: text      hears this line, or notes a fault
//   C? prefix    hears a line that begins so
//   C.           hears content up to the dot, into content()
//   B: n         hears n octets, into content()
//   TLS          shakes hands as server
//   X            closes
//   W            at the end: stays open, and silent
// Lines of C in a row may come in one group. When the script is over it says no more, and waits for
// the client's end.

#include "maild/base/clock.hpp"
#include "maild/base/encoding.hpp"
#include "maild/base/unique_fd.hpp"
#include "maild/net/certificate.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>
#include <utility>
#include <vector>

namespace maild::test {

inline std::vector<std::string> lines_of(std::string_view script) {
    std::vector<std::string> out;
    while (!script.empty()) {
        const auto end = std::min(script.find('\n'), script.size());
        auto line = script.substr(0, end);
        script.remove_prefix(std::min(end + 1, script.size()));
        while (line.starts_with(' ')) line.remove_prefix(1);
        if (!line.empty()) out.emplace_back(line);
    }
    return out;
}

class ScriptedPeer {
public:
    ScriptedPeer(UniqueFd fd, std::vector<std::string> script,
                 const net::CertificateAndKey* identity = nullptr)
        : fd_(std::move(fd)), script_(std::move(script)), identity_(identity) {
        const timeval limit{10, 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        thread_ = std::jthread([this] { play(); });
    }

    // Joins. What did not go as the script says; empty: nothing.
    std::string fault() {
        if (thread_.joinable()) thread_.join();
        return fault_;
    }
    const std::string& content() const { return content_; } // behind fault()

private:
    void play() {
        sigset_t pipe; // OpenSSL's socket BIO raises it
        ::sigemptyset(&pipe);
        ::sigaddset(&pipe, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
        for (const auto& step : script_) {
            if (!fault_.empty() || is_over_) break;
            if (step == "X") return close();
            take(step);
        }
        if (script_.empty() || script_.back() != "W") ::shutdown(fd_.get(), SHUT_WR);
        std::string rest;
        while (receive(rest)) {
        }
        close();
    }
    void close() {
        ssl_.reset();
        fd_.reset();
    }
    void take(std::string_view step) {
        if (step == "W") return;
        const auto text = step.size() > 3 ? step.substr(3) : std::string_view();
        if (step.starts_with("S:"))
            send(std::string(text) + "\r\n");
        else if (step.starts_with("S\\"))
            send(unescaped(text));
        else if (step.starts_with("C:"))
            expect(hear_line(), text, false);
        else if (step.starts_with("C?"))
            expect(hear_line(), text, true);
        else if (step.starts_with("C."))
            content_ += hear_until("\r\n.\r\n");
        else if (step.starts_with("B:"))
            content_ += hear(std::stoul(std::string(text)));
        else if (step == "TLS")
            secure();
        else
            fault_ = "script: " + std::string(step);
    }
    void expect(const std::string& got, std::string_view want, bool is_prefix) {
        if (is_prefix ? got.starts_with(want) : got == want) return;
        fault_ += "wanted <" + std::string(want) + ">, got <" + got + ">";
    }

    std::string hear_line() {
        auto line = hear_until("\r\n");
        if (line.ends_with("\r\n")) line.resize(line.size() - 2);
        return line;
    }
    std::string hear_until(std::string_view end) {
        // A content may be the dot alone.
        if (end.size() > 2 && heard_.size() < 3) receive_at_least(3);
        if (end.size() > 2 && heard_.starts_with(".\r\n")) return hear(3);
        std::size_t looked = 0;
        auto found = heard_.find(end);
        while (found == heard_.npos) {
            looked = heard_.size() - std::min(end.size() - 1, heard_.size());
            if (!receive(heard_)) return hear(heard_.size());
            found = heard_.find(end, looked);
        }
        return hear(found + end.size());
    }
    void receive_at_least(std::size_t count) {
        while (heard_.size() < count && receive(heard_)) {
        }
    }
    std::string hear(std::size_t count) {
        receive_at_least(count);
        auto out = heard_.substr(0, count);
        heard_.erase(0, count);
        return out;
    }
    bool receive(std::string& into) {
        char octets[65536];
        const auto count = ssl_ ? SSL_read(ssl_.get(), octets, sizeof octets)
                                : static_cast<int>(::recv(fd_.get(), octets, sizeof octets, 0));
        if (count > 0) into.append(octets, static_cast<std::size_t>(count));
        return count > 0;
    }
    void send(std::string_view text) {
        if (ssl_)
            SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
        else
            ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    }
    static std::string unescaped(std::string_view text) {
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '\\') {
                out += text[i];
                continue;
            }
            switch (text[++i]) {
            case 'r': out += '\r'; break;
            case 'n': out += '\n'; break;
            case '0': out += '\0'; break;
            default: out += hex_decode(text.substr(i + 1, 2)).value(); i += 2;
            }
        }
        return out;
    }

    void secure() {
        const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
            SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
        const auto bio = [](const std::string& text) {
            return std::unique_ptr<BIO, decltype(&BIO_free)>(
                BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
        };
        const auto certificate = bio(identity_->certificate);
        const auto key = bio(identity_->key);
        const std::unique_ptr<X509, decltype(&X509_free)> x509(
            PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr), X509_free);
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pkey(
            PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
        SSL_CTX_use_certificate(context.get(), x509.get());
        SSL_CTX_use_PrivateKey(context.get(), pkey.get());
        ssl_.reset(SSL_new(context.get()));
        SSL_set_fd(ssl_.get(), fd_.get());
        if (SSL_accept(ssl_.get()) != 1) {
            close();
            is_over_ = true;
        }
    }

    struct FreeSsl {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };
    UniqueFd fd_;
    std::vector<std::string> script_;
    const net::CertificateAndKey* identity_;
    std::unique_ptr<SSL, FreeSsl> ssl_;
    std::string heard_;
    std::string content_;
    std::string fault_;
    bool is_over_ = false; // no handshake, no more
    std::jthread thread_;
};

} // namespace maild::test
