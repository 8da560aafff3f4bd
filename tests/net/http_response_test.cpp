#include "maild/net/http_response.hpp"

#include <gtest/gtest.h>

namespace maild::net {
namespace {

// In pieces of so many octets: "status body" of a whole response, with " close" where the
// connection must not be used again; else the error's name.
std::string read(const std::string& octets, std::size_t piece) {
    HttpResponseReader reader;
    std::string in;
    for (std::size_t at = 0; at < octets.size() && !reader.is_whole(); at += piece) {
        in += octets.substr(at, piece);
        const auto put = reader.put(in);
        if (!put) return std::string(name_of(put.error().code));
    }
    if (!reader.is_whole()) {
        const auto end = reader.put_end();
        if (!end) return std::string(name_of(end.error().code));
    }
    const auto status = std::to_string(reader.status());
    const auto* close = reader.keeps_connection() ? "" : " close";
    return status + " " + reader.take_body() + close + (in.empty() ? "" : " +" + in);
}

TEST(HttpResponseReader, ReadsInAnyPieces) {
    const std::string head = "HTTP/1.1 200 OK\r\n";
    const struct {
        const char* name;
        std::string octets;
        std::string want;
    } cases[] = {
        {"with a length", head + "Content-Length: 4\r\n\r\nbody", "200 body"},
        {"chunked", head + "Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2;x=y\r\ndy\r\n0\r\n\r\n",
         "200 body"},
        {"to the end", head + "Content-Type: application/json\r\n\r\nbody", "200 body close"},
        {"close", head + "Connection: close\r\nContent-Length: 4\r\n\r\nbody", "200 body close"},
        {"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody", "200 body close"},
        {"empty", head + "Content-Length: 0\r\n\r\n", "200 "},
        {"no content", "HTTP/1.1 204 No Content\r\n\r\n", "204 "},
        {"another status", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno", "401 no"},
        {"behind interim ones",
         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + head +
             "Content-Length: 4\r\n\r\nbody",
         "200 body"},
        {"interim ones alone", "HTTP/1.1 100 Continue\r\n\r\n", "protocol_error"},
        {"cut in the header", head + "Content-Le", "protocol_error"},
        {"cut in the body", head + "Content-Length: 5\r\n\r\nbody", "protocol_error"},
        {"cut in a chunk", head + "Transfer-Encoding: chunked\r\n\r\n4\r\nbo", "protocol_error"},
        {"cut behind a chunk", head + "Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n",
         "protocol_error"},
        {"nothing", "", "protocol_error"},
        {"no HTTP", "* OK IMAP4rev2 ready\r\n\r\n", "protocol_error"},
        {"two lengths", head + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody",
         "protocol_error"},
        {"length and chunked",
         head + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "protocol_error"},
        {"negative length", head + "Content-Length: -1\r\n\r\n", "protocol_error"},
        {"a chunk without a size", head + "Transfer-Encoding: chunked\r\n\r\nx\r\n",
         "protocol_error"},
    };
    for (const auto& c : cases)
        for (const std::size_t piece : {1UL, 7UL, 100'000UL})
            EXPECT_EQ(read(c.octets, piece), c.want) << c.name << " by " << piece;
}

TEST(HttpResponseReader, TellsTheMediaType) {
    HttpResponseReader reader;
    std::string in =
        "HTTP/1.1 200 OK\r\ncontent-TYPE: text/plain; a=b\r\nContent-Length: 0\r\n\r\n";
    EXPECT_TRUE(reader.put(in));
    EXPECT_EQ(reader.content_type(), "text/plain; a=b");
}

TEST(HttpResponseReader, LeavesWhatComesBehind) {
    EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodymore", 1'000),
              "200 body +more");
}

TEST(HttpResponseReader, IsBounded) {
    const std::string head = "HTTP/1.1 200 OK\r\n";
    const auto large = std::string(kMaxHttpBody + 1, 'x');
    const struct {
        const char* name;
        std::string octets;
    } cases[] = {
        {"header", head + "X: " + std::string(kMaxHttpHeader, 'x') + "\r\n\r\n"},
        {"many fields",
         [&] {
             auto all = head;
             while (all.size() <= 2 * kMaxHttpHeader) all += "X: y\r\n";
             return all + "\r\n";
         }()},
        {"length", head + "Content-Length: " + std::to_string(large.size()) + "\r\n\r\n" + large},
        {"a length without measure", head + "Content-Length: 18446744073709551615\r\n\r\nx"},
        {"to the end", head + "\r\n" + large},
        {"chunk", head + "Transfer-Encoding: chunked\r\n\r\n10001\r\n" + large},
        {"chunks",
         [&] {
             auto all = head + "Transfer-Encoding: chunked\r\n\r\n";
             for (int i = 0; i < 17; ++i) all += "1000\r\n" + std::string(4096, 'x') + "\r\n";
             return all + "0\r\n\r\n";
         }()},
        {"a chunk's first line", head + "Transfer-Encoding: chunked\r\n\r\n1;x=" + large},
        {"a trailer's field", head + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + large},
        {"a trailer",
         [&] {
             auto all = head + "Transfer-Encoding: chunked\r\n\r\n0\r\n";
             while (all.size() <= 2 * kMaxHttpHeader) all += "X: y\r\n";
             return all;
         }()},
        {"interim responses",
         [&] {
             std::string all;
             for (unsigned i = 0; i <= kMostInterimResponses; ++i)
                 all += "HTTP/1.1 102 Processing\r\n\r\n";
             return all + head + "Content-Length: 0\r\n\r\n";
         }()},
    };
    for (const auto& c : cases)
        for (const std::size_t piece : {1'000UL, 1'000'000UL})
            EXPECT_EQ(read(c.octets, piece), "too_large") << c.name << " by " << piece;
}

} // namespace
} // namespace maild::net
