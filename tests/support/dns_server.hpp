#pragma once
// A small authoritative DNS server on 127.0.0.1, UDP and TCP on one port, in a thread of its own:
// for tests of what asks the DNS. It answers from its zone and misbehaves for chosen names.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace maild::test {

// What a name does instead of answering.
enum class DnsFault : std::uint8_t {
    none,
    servfail,
    refused,
    silent,
    slow,      // answers after DnsServer::kSlow
    garbage,   // octets that are no message
    wrong_id,  // an answer to another question
    truncated, // over UDP only that it is (TC); all over TCP
    cut_short, // a message whose records end in the middle
};

// Record data of the wire.
std::string wire_name(std::string_view name);
std::string wire_text(std::string_view text); // as strings of at most 255 octets
std::string wire_address(std::string_view address);
std::string wire_mx(std::uint16_t preference, std::string_view exchange);

class DnsServer {
public:
    static constexpr auto kSlow = std::chrono::milliseconds(500);

    DnsServer(); // throws when it cannot listen
    ~DnsServer();
    DnsServer(const DnsServer&) = delete;
    DnsServer& operator=(const DnsServer&) = delete;

    std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

    void add(std::string_view name, std::uint16_t type, std::string rdata, std::uint32_t ttl = 60);
    void set_fault(std::string_view name, DnsFault fault);
    // Without SOA, and without the flags that a resolver or an authority sets.
    void set_bare(bool bare) { is_bare_ = bare; }

    std::size_t questions() const { return questions_; }
    std::size_t tcp_questions() const { return tcp_questions_; }

private:
    struct Stored {
        std::uint32_t ttl;
        std::string rdata;
    };
    using Key = std::pair<std::string, std::uint16_t>;

    void serve();
    void serve_udp();
    void serve_tcp();
    std::string answer(std::string_view message, bool is_udp);
    std::string answer_from_zone(std::string_view message, std::size_t question_end,
                                 const Key& question) const;
    unsigned append_set(std::string& out, const Key& key) const;
    bool has_name(const std::string& name) const;

    int udp_ = -1;
    int tcp_ = -1;
    std::uint16_t port_ = 0;
    std::mutex mutex_; // the zone
    std::map<Key, std::vector<Stored>> records_;
    std::map<std::string, DnsFault> faults_;
    std::atomic<bool> is_bare_ = false;
    std::atomic<bool> is_stopping_ = false;
    std::atomic<std::size_t> questions_ = 0;
    std::atomic<std::size_t> tcp_questions_ = 0;
    std::thread thread_;
};

} // namespace maild::test
