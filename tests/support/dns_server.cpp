#include "support/dns_server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace maild::test {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::uint16_t kCname = 5;
constexpr std::uint16_t kSoa = 6;
constexpr std::uint16_t kRrsig = 46;
constexpr std::uint16_t kResponse = 0x8000;
constexpr std::uint16_t kAuthoritative = 0x0400;
constexpr std::uint16_t kTruncated = 0x0200;
constexpr std::uint16_t kRecursion = 0x0180; // desired and available
constexpr std::uint16_t kServfail = 2;
constexpr std::uint16_t kNxdomain = 3;
constexpr std::uint16_t kRefused = 5;

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    if (out.ends_with('.')) out.pop_back();
    return out;
}

std::string u16(unsigned value) {
    return {static_cast<char>(value >> 8U), static_cast<char>(value & 0xffU)};
}
unsigned get_u16(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(bytes[at]) << 8U |
                                 static_cast<unsigned char>(bytes[at + 1]));
}
std::string u32(std::uint32_t value) { return u16(value >> 16U) + u16(value & 0xffffU); }

std::string record(std::string_view name, std::uint16_t type, std::uint32_t ttl,
                   const std::string& rdata) {
    return wire_name(name) + u16(type) + u16(1) + u32(ttl) +
           u16(static_cast<unsigned>(rdata.size())) + rdata;
}

std::string soa() {
    return record("", kSoa, 30,
                  wire_name("ns.example") + wire_name("admin.example") + u32(1) + u32(3600) +
                      u32(600) + u32(86400) + u32(30));
}

std::string parent_of(const std::string& name) {
    const auto dot = name.find('.');
    return dot == name.npos ? std::string() : name.substr(dot + 1);
}

// The question's name and where it ends; the end is 0 for a message without a whole question.
std::pair<std::string, std::size_t> question_of(std::string_view message) {
    std::string name;
    std::size_t at = kHeader;
    while (at < message.size()) {
        const auto length = static_cast<unsigned char>(message[at]);
        if (length == 0) break;
        if (!name.empty()) name += '.';
        name += message.substr(at + 1, length);
        at += 1U + length;
    }
    at += 5; // the root label, type and class
    return {lower(name), at <= message.size() ? at : 0};
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

bool bind_to(int fd, std::uint16_t port) {
    const auto address = loopback(port);
    return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::uint16_t port_of(int fd) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

} // namespace

std::string wire_name(std::string_view name) {
    std::string out;
    while (!name.empty()) {
        const auto label = name.substr(0, name.find('.'));
        out += static_cast<char>(label.size());
        out += label;
        name.remove_prefix(std::min(label.size() + 1, name.size()));
    }
    return out + '\0';
}

std::string wire_text(std::string_view text) {
    std::string out;
    do {
        const auto piece = text.substr(0, 255);
        out += static_cast<char>(piece.size());
        out += piece;
        text.remove_prefix(piece.size());
    } while (!text.empty());
    return out;
}

std::string wire_address(std::string_view address) {
    const std::string text(address);
    std::string out(address.contains(':') ? 16 : 4, '\0');
    if (::inet_pton(out.size() == 4 ? AF_INET : AF_INET6, text.c_str(), out.data()) != 1)
        throw std::runtime_error("no address: " + text);
    return out;
}

std::string wire_mx(std::uint16_t preference, std::string_view exchange) {
    return u16(preference) + wire_name(exchange);
}

DnsServer::DnsServer() {
    for (int i = 0; i < 20; ++i) { // the port of one protocol may be taken for the other
        udp_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        tcp_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind_to(udp_, 0) && bind_to(tcp_, port_of(udp_)) && ::listen(tcp_, 16) == 0) {
            port_ = port_of(udp_);
            thread_ = std::thread([this] { serve(); });
            return;
        }
        ::close(udp_);
        ::close(tcp_);
    }
    throw std::runtime_error("no port for a DNS server");
}

DnsServer::~DnsServer() {
    is_stopping_ = true;
    thread_.join();
    ::close(udp_);
    ::close(tcp_);
}

void DnsServer::add(std::string_view name, std::uint16_t type, std::string rdata,
                    std::uint32_t ttl) {
    const std::lock_guard lock(mutex_);
    records_[{lower(name), type}].push_back({ttl, std::move(rdata)});
}

void DnsServer::set_fault(std::string_view name, DnsFault fault) {
    const std::lock_guard lock(mutex_);
    faults_[lower(name)] = fault;
}

void DnsServer::serve() {
    while (!is_stopping_) {
        pollfd fds[] = {{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}};
        if (::poll(fds, 2, 20) <= 0) continue;
        if ((fds[0].revents & POLLIN) != 0) serve_udp();
        if ((fds[1].revents & POLLIN) != 0) serve_tcp();
    }
}

void DnsServer::serve_udp() {
    std::string message(4096, '\0');
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    auto* address = reinterpret_cast<sockaddr*>(&peer);
    const auto count = ::recvfrom(udp_, message.data(), message.size(), 0, address, &size);
    if (count < static_cast<ssize_t>(kHeader)) return;
    message.resize(static_cast<std::size_t>(count));
    const auto reply = answer(message, true);
    if (!reply.empty()) ::sendto(udp_, reply.data(), reply.size(), 0, address, size);
}

// One question of a connection; whoever asks has 2 seconds.
void DnsServer::serve_tcp() {
    const int peer = ::accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) return;
    const timeval limit{2, 0};
    ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::string length(2, '\0');
    if (::recv(peer, length.data(), 2, MSG_WAITALL) == 2) {
        std::string message(get_u16(length, 0), '\0');
        const auto count = ::recv(peer, message.data(), message.size(), MSG_WAITALL);
        if (count == static_cast<ssize_t>(message.size()) && message.size() >= kHeader) {
            ++tcp_questions_;
            const auto reply = answer(message, false);
            const auto framed = u16(static_cast<unsigned>(reply.size())) + reply;
            if (!reply.empty()) ::send(peer, framed.data(), framed.size(), MSG_NOSIGNAL);
        }
    }
    ::close(peer);
}

std::string DnsServer::answer(std::string_view message, bool is_udp) {
    const auto [name, end] = question_of(message);
    if (end == 0) return {};
    ++questions_;
    const std::lock_guard lock(mutex_);
    const auto found = faults_.find(name);
    const auto fault = found == faults_.end() ? DnsFault::none : found->second;
    const auto only = [&](unsigned flags) {
        return std::string(message.substr(0, 2)) + u16(kResponse | kRecursion | flags) + u16(1) +
               u16(0) + u16(0) + u16(0) + std::string(message.substr(kHeader, end - kHeader));
    };
    if (fault == DnsFault::silent) return {};
    if (fault == DnsFault::servfail) return only(kServfail);
    if (fault == DnsFault::refused) return only(kRefused);
    if (fault == DnsFault::garbage) return std::string(40, '\xff');
    if (fault == DnsFault::truncated && is_udp) return only(kTruncated);
    if (fault == DnsFault::slow) std::this_thread::sleep_for(kSlow);
    auto reply = answer_from_zone(message, end,
                                  {name, static_cast<std::uint16_t>(get_u16(message, end - 4))});
    if (fault == DnsFault::wrong_id) reply[0] = static_cast<char>(reply[0] ^ 0x55);
    if (fault == DnsFault::cut_short) reply.resize(reply.size() - 3);
    return reply;
}

std::string DnsServer::answer_from_zone(std::string_view message, std::size_t question_end,
                                        const Key& question) const {
    auto [name, type] = question;
    std::string records;
    unsigned count = 0;
    for (int link = 0; link < 8; ++link) {
        auto at = records_.find({name, type});
        if (at == records_.end() && type != kCname) at = records_.find({name, kCname});
        if (at == records_.end()) break;
        const bool is_alias = at->first.second == kCname && type != kCname;
        count += append_set(records, at->first);
        if (!is_alias) break;
        name = question_of(std::string(kHeader, '\0') + at->second.front().rdata + "1234").first;
    }
    const bool is_answered = records_.contains({name, type});
    unsigned flags = kResponse | (is_bare_ ? 0U : kRecursion | kAuthoritative);
    if (!is_answered && !has_name(name)) flags |= kNxdomain;
    const auto authority = is_answered || is_bare_ ? std::string() : soa();
    return std::string(message.substr(0, 2)) + u16(flags) + u16(1) + u16(count) +
           u16(authority.empty() ? 0 : 1) + u16(0) +
           std::string(message.substr(kHeader, question_end - kHeader)) + records + authority;
}

// A set of records and its signatures (RRSIG, RFC 4034 §3.1: what they cover stands first).
unsigned DnsServer::append_set(std::string& out, const Key& key) const {
    unsigned count = 0;
    const auto append = [&](const Key& from, std::string_view begins_with) {
        const auto found = records_.find(from);
        if (found == records_.end()) return;
        for (const auto& stored : found->second) {
            if (!stored.rdata.starts_with(begins_with)) continue;
            out += record(from.first, from.second, stored.ttl, stored.rdata);
            ++count;
        }
    };
    append(key, {});
    if (key.second != kRrsig) append({key.first, kRrsig}, u16(key.second));
    return count;
}

// It has records, or a name below it has.
bool DnsServer::has_name(const std::string& name) const {
    return std::ranges::any_of(records_, [&](const auto& entry) {
        for (auto known = entry.first.first; !known.empty(); known = parent_of(known)) {
            if (known == name) return true;
        }
        return false;
    });
}

} // namespace maild::test
