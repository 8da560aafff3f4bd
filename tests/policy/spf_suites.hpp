#pragma once
// Readers for the public SPF suites: just as much of YAML as their files use.

#include "support/memory_resolver.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace maild::policy::spf {

struct SuiteCase {
    std::string name;
    std::map<std::string, std::string> fields;
    std::vector<std::string> results; // any is right
    std::string field(const std::string& key) const {
        const auto found = fields.find(key);
        return found == fields.end() ? std::string() : found->second;
    }
};

struct Scenario {
    std::string name;
    std::vector<SuiteCase> cases;
    test::MemoryResolver zone;
};

// spf-rfc7208: rfc7208-tests.yml.
std::vector<Scenario> read_openspf(const std::string& text);
// spf-stalwart: one of its files.
std::vector<Scenario> read_stalwart(const std::string& text);

} // namespace maild::policy::spf
