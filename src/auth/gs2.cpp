#include "auth/gs2.hpp"

#include "maild/auth/sasl.hpp"
#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"

namespace maild::auth {
namespace {

bool is_cb_name_char(char c) { return ascii::is_alnum(c) || c == '.' || c == '-'; }

} // namespace

std::optional<std::string> decode_saslname(std::string_view text) {
    std::string out;
    Cursor in(text);
    while (!in.at_end()) {
        out += in.take_while([](char c) { return c != '='; });
        if (in.at_end()) break;
        if (in.take("=2C"))
            out += ',';
        else if (in.take("=3D"))
            out += '=';
        else
            return std::nullopt;
    }
    if (out.empty() || out.size() > kMaxAuthcid || out.contains('\0') || !is_utf8(out))
        return std::nullopt;
    return out;
}

Result<Gs2Header, SyntaxError> parse_gs2_header(Cursor& in) {
    Gs2Header header;
    header.flag = in.peek();
    if (in.take("p="))
        header.binding_name = in.take_while(is_cb_name_char);
    else if (!in.take('n') && !in.take('y'))
        return in.expected("gs2-cbind-flag");
    if (header.flag == 'p' && header.binding_name.empty()) return in.expected("cb-name");
    if (!in.take(',')) return in.expected(",");
    if (in.take("a=")) {
        auto authzid = decode_saslname(in.take_while([](char c) { return c != ','; }));
        if (!authzid) return in.expected("authzid");
        header.authzid = std::move(*authzid);
    }
    if (!in.take(',')) return in.expected(",");
    return header;
}

} // namespace maild::auth
