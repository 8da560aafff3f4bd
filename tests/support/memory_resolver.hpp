#pragma once
// A DNS in memory: what a test puts in is there, every other name does not exist, except those
// above a name that was put in, which have no data. Remembers what it was asked.

#include "maild/base/ascii.hpp"
#include "maild/net/resolver.hpp"

#include <map>
#include <set>
#include <utility>

namespace maild::test {

class MemoryResolver final : public net::Resolver {
public:
    void add_a(std::string_view name, std::string_view address) {
        add(name, net::DnsType::a).addresses.push_back(net::parse_ip(address).value());
    }
    void add_aaaa(std::string_view name, std::string_view address) {
        add(name, net::DnsType::aaaa).addresses.push_back(net::parse_ip(address).value());
    }
    void add_txt(std::string_view name, std::string text) {
        add(name, net::DnsType::txt).texts.push_back(std::move(text));
    }
    void add_mx(std::string_view name, std::uint16_t preference, std::string_view exchange) {
        add(name, net::DnsType::mx).exchanges.push_back({preference, spelled(exchange)});
    }
    void add_ptr(std::string_view name, std::string_view target) {
        add(name, net::DnsType::ptr).names.push_back(spelled(target));
    }
    void add_cname(std::string_view name, std::string_view target) {
        add(name, net::DnsType::cname).names.push_back(spelled(target));
    }
    void add_tlsa(std::string_view name, std::string rdata) {
        add_record(name, net::DnsType::tlsa, std::move(rdata));
    }
    // TLSA, SRV and CAA, as DnsAnswer::texts has them.
    void add_record(std::string_view name, net::DnsType type, std::string text) {
        add(name, type).texts.push_back(std::move(text));
    }
    void remove(std::string_view name, net::DnsType type) { records_.erase({key(name), type}); }
    void add_name(std::string_view name) { know(key(name)); } // without any records
    // As if its zone alone were not signed.
    void set_insecure(std::string_view name) { insecure_.insert(key(name)); }
    // Every question for the name, or that of one type, gets no answer.
    void fail(std::string_view name) { failing_.insert(key(name)); }
    void fail(std::string_view name, net::DnsType type) { failing_of_.insert({key(name), type}); }
    // As if DNSSEC had condemned what is there.
    void condemn(std::string_view name, net::DnsType type) { condemned_.insert({key(name), type}); }
    // As if DNSSEC had validated, or condemned, everything.
    void set_secure(bool secure) { is_secure_ = secure; }
    void set_bogus(bool bogus) { is_bogus_ = bogus; }

    net::Task<net::DnsAnswer> lookup(net::DnsQuestion question,
                                     std::chrono::milliseconds) override {
        asked.push_back(question);
        auto answer = find(key(question.name), question.type);
        if (insecure_.contains(key(question.name))) answer.is_secure = false;
        co_return answer;
    }

    std::vector<net::DnsQuestion> asked;

private:
    static std::string spelled(std::string_view name) {
        if (name.ends_with('.')) name.remove_suffix(1);
        return std::string(name);
    }
    static std::string key(std::string_view name) { return ascii::to_lower(spelled(name)); }

    void know(std::string name) {
        while (names_.insert(name).second && name.contains('.')) name.erase(0, name.find('.') + 1);
    }
    net::DnsAnswer& add(std::string_view name, net::DnsType type) {
        know(key(name));
        auto& answer = records_[{key(name), type}];
        answer.status = net::DnsStatus::found;
        return answer;
    }
    net::DnsAnswer only(net::DnsStatus status) const {
        net::DnsAnswer answer;
        answer.status = status;
        answer.is_secure = is_secure_ && !answer.failed();
        return answer;
    }

    net::DnsAnswer find(std::string name, net::DnsType type) const {
        if (is_bogus_) return only(net::DnsStatus::bogus);
        if (condemned_.contains({name, type})) return only(net::DnsStatus::bogus);
        if (!net::is_dns_name(name)) return only(net::DnsStatus::no_such_name);
        for (int links = 0; links < 10; ++links) {
            if (failing_.contains(name) || failing_of_.contains({name, type})) break;
            if (const auto found = records_.find({name, type}); found != records_.end()) {
                auto answer = found->second;
                answer.ttl = std::chrono::seconds(300);
                answer.is_secure = is_secure_;
                return answer;
            }
            const auto alias = records_.find({name, net::DnsType::cname});
            if (alias == records_.end()) {
                return only(names_.contains(name) ? net::DnsStatus::no_data
                                                  : net::DnsStatus::no_such_name);
            }
            name = key(alias->second.names.front());
        }
        return only(net::DnsStatus::temporary_failure);
    }

    std::map<std::pair<std::string, net::DnsType>, net::DnsAnswer> records_;
    std::set<std::string> names_;
    std::set<std::string> failing_;
    std::set<std::string> insecure_;
    std::set<std::pair<std::string, net::DnsType>> failing_of_;
    std::set<std::pair<std::string, net::DnsType>> condemned_;
    bool is_secure_ = false;
    bool is_bogus_ = false;
};

} // namespace maild::test
