// Modified UTF-7 against the vectors of mox (conformance/record-parsers-mox).
#include "imap/mailbox_name.hpp"
#include "support/conformance.hpp"
#include "support/json.hpp"

#include <gtest/gtest.h>

namespace maild::imap {
namespace {

TEST(ImapUtf7Vectors, Pass) {
    MAILD_NEEDS_SUITE("record-parsers-mox");
    const auto suite = maild::test::conformance_suite("record-parsers-mox");
    const auto file =
        maild::test::JsonReader::read(maild::test::read_whole(suite / "vectors.json"));
    maild::test::Score score("record-parsers-mox imap_mutf7");
    for (const auto& vector : file["imap_mutf7:TestUTF7"].array()) {
        const auto input = vector.text_of("input");
        const auto want =
            vector["error"].is_null() ? std::optional(vector.text_of("utf8")) : std::nullopt;
        score.add(decode_utf7(input) == want, input);
    }
}

} // namespace
} // namespace maild::imap
