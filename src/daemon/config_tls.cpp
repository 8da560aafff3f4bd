// [tls]: certificates, and whose a client may show.
#include "daemon/config_sections.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/log.hpp"
#include "maild/net/server_names.hpp"

namespace maild::daemon {
namespace {

void read_pair(ConfigTable& table, std::string& certificate, std::string& key) {
    table.absolute_path("certificate", certificate);
    table.absolute_path("key", key);
}

void read_names(ConfigTable& table, std::vector<std::string>& out) {
    const auto* names = table.array("names");
    if (names == nullptr) return;
    for (const auto& node : *names) {
        const auto text = node.value_exact<std::string>();
        auto name = text ? ascii::to_lower(*text) : std::string();
        if (!net::is_certificate_name(name))
            return table.fault("names",
                               "holds " +
                                   (text ? log::escaped(*text) : "something that is no string") +
                                   ", which is no host name",
                               "write names in ASCII: [\"mail.example.org\", \"*.example.net\"]");
        out.push_back(std::move(name));
    }
    if (out.empty())
        table.fault("names", "is empty", "leave it out: then it is for all names in it");
}

void read_named(ConfigTable& tls, std::vector<NamedTlsFiles>& out, ParsedConfig& parsed) {
    const auto* certificates = tls.array("certificates");
    if (certificates == nullptr) return;
    if (certificates->size() > kMaxNamedCertificates)
        return tls.fault("certificates",
                         "is there more than " + std::to_string(kMaxNamedCertificates) + " times",
                         "put several names into one certificate");
    for (const auto& node : *certificates) {
        const auto* entry = node.as_table();
        if (entry == nullptr)
            return tls.fault("certificates", "holds something that is no table",
                             "write [[tls.certificates]]");
        ConfigTable table(*entry, name_of_certificate(out.size()), parsed);
        NamedTlsFiles files;
        read_pair(table, files.certificate, files.key);
        read_names(table, files.names);
        table.report_unknown_keys();
        for (const auto* key : {"certificate", "key"})
            if (!table.has(key))
                table.fault(key, "is missing", "write both, the paths of PEM files");
        out.push_back(std::move(files));
    }
}

} // namespace

std::string name_of_certificate(std::size_t index) {
    return "tls.certificates[" + std::to_string(index) + "]";
}

void read_tls(ConfigTable& table, TlsFiles& out, ParsedConfig& parsed) {
    read_pair(table, out.certificate, out.key);
    table.absolute_path("client_ca", out.client_ca);
    table.choice<bool>("tickets", out.tickets, {{"on", true}, {"off", false}});
    read_named(table, out.named, parsed);
    if (out.certificate.empty() == out.key.empty()) return;
    table.fault(out.key.empty() ? "key" : "certificate", "is missing",
                "write both, or none for a self-signed certificate");
}

} // namespace maild::daemon
