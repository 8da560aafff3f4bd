// Input: one octet says how long the pieces are; then what an issuer sends. A whole response's body
// is read as an answer, and the input itself as one and as a URL.
#include "maild/base/ensure.hpp"
#include "maild/net/http_response.hpp"
#include "maild/oauth/introspection.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::oauth;

static void check_answer(std::string_view json) {
    static const std::vector<std::string> kNames = {"email", "username", "sub"};
    const auto claims = parse_answer(json, kNames);
    if (!claims) return;
    ensure(claims->name.size() <= kMaxClaim && claims->issuer.size() <= kMaxClaim);
    ensure(claims->audiences.size() <= kMaxClaimValues);
    ensure(claims->scopes.size() <= kMaxClaimValues);
    ensure(claims->active || (claims->name.empty() && !claims->expires));
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    check_answer(input);
    if (const auto url = parse_url(input))
        ensure(parse_url(url->text()).value().text() == url->text(), "one URL, one text");
    const std::size_t piece = data[0] + 1U;
    net::HttpResponseReader reader;
    std::string in;
    for (std::size_t at = 0; at < input.size() && !reader.is_whole(); at += piece) {
        in += input.substr(at, piece);
        if (!reader.put(in)) return 0;
        ensure(in.size() <= net::kMaxHttpHeader + piece, "what is not taken is bounded");
    }
    if (!reader.is_whole() && !reader.put_end()) return 0;
    const auto body = reader.take_body();
    ensure(body.size() <= net::kMaxHttpBody);
    check_answer(body);
    return 0;
}
