#pragma once
// A writer of ZIP files for tests.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <zlib.h>

namespace maild::report::test {

struct ZippedFile {
    std::string name;
    std::string content;
    bool is_deflated = true;
    std::uint32_t flags = 0;
};

inline std::string number(std::size_t value, int octets) {
    std::string out;
    for (int i = 0; i < octets; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
}

inline std::string deflate_raw(std::string_view content) {
    z_stream stream{};
    ::deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    std::string out(::deflateBound(&stream, content.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    ::deflateEnd(&stream);
    return out;
}

// As a sender that streams writes it: sizes and checksum only in the directory.
inline std::string zip_of(const std::vector<ZippedFile>& files, std::string_view comment = {}) {
    std::string out;
    std::string directory;
    for (const auto& file : files) {
        const auto packed = file.is_deflated ? deflate_raw(file.content) : file.content;
        const auto method = number(file.is_deflated ? 8 : 0, 2);
        const auto checksum = ::crc32(0, reinterpret_cast<const Bytef*>(file.content.data()),
                                      static_cast<uInt>(file.content.size()));
        const auto flags = number(file.flags | 8, 2);
        directory += "PK\x01\x02" + number(20, 2) + number(20, 2) + flags + method + number(0, 4) +
                     number(checksum, 4) + number(packed.size(), 4) +
                     number(file.content.size(), 4) + number(file.name.size(), 2) + number(0, 12) +
                     number(out.size(), 4) + file.name;
        out += "PK\x03\x04" + number(20, 2) + flags + method + number(0, 16) +
               number(file.name.size(), 2) + number(0, 2) + file.name + packed;
    }
    const auto begin = out.size();
    return out + directory + "PK\x05\x06" + number(0, 4) + number(files.size(), 2) +
           number(files.size(), 2) + number(directory.size(), 4) + number(begin, 4) +
           number(comment.size(), 2) + std::string(comment);
}

} // namespace maild::report::test
