#pragma once
// What one IMAP command may cost before anything is copied. Settings that an admin may change are
// in maild/imap/settings.hpp; these are fixed.

#include <cstddef>

namespace maild::imap {

inline constexpr std::size_t kMaxTagLength = 64;
inline constexpr std::size_t kPreAuthLine = 8192; // octets of a whole command, literals included
inline constexpr std::size_t kPreAuthLiteral = 4096;
inline constexpr std::size_t kMaxLine = 64 * 1024;        // octets outside of literals
inline constexpr std::size_t kMaxLiteral = 128 * 1024;    // every literal except APPEND's message
inline constexpr std::size_t kMaxArguments = 1024 * 1024; // lines and literals together
inline constexpr std::size_t kMaxDepth = 50;              // of parentheses, NOT and OR
inline constexpr std::size_t kMaxSearchKeys = 500;
inline constexpr std::size_t kMaxFuzzyWords = 32; // of one key; more are not looked for
inline constexpr std::size_t kMaxContexts = 8;    // searches that a session follows
inline constexpr std::size_t kMaxSortedOctets = 4 * 1024 * 1024; // kept of one that is sorted
inline constexpr std::size_t kMaxSortCriteria = 32;
inline constexpr std::size_t kMaxFetchItems = 200;
inline constexpr std::size_t kMaxSectionDepth = 100;    // part numbers in BODY[1.2.3…]
inline constexpr std::size_t kMaxHeaderNames = 500;     // in one HEADER.FIELDS
inline constexpr std::size_t kMaxListPatterns = 32;     // of one LIST
inline constexpr std::size_t kMaxAppendMessages = 1000; // of one APPEND, as many as the store takes
inline constexpr std::size_t kMaxCatenateParts = 1000;  // of one CATENATE
inline constexpr std::size_t kMaxCatenateReads = 1000;  // messages read for all of a command
inline constexpr std::size_t kMaxUrl = 4096;
inline constexpr std::size_t kMaxFilters = 32;       // of one ESEARCH
inline constexpr std::size_t kMaxFilterNames = 1000; // of one of them
inline constexpr std::size_t kMaxIdPairs = 30;       // RFC 2971 §3.3
inline constexpr std::size_t kMaxIdField = 30;
inline constexpr std::size_t kMaxIdValue = 1024;
// In one GETMETADATA, SETMETADATA or LIST; as many as the store answers.
inline constexpr std::size_t kMaxMetadataEntries = 200;
inline constexpr std::size_t kMaxEnable = 32;
inline constexpr std::size_t kFlushSize = 64 * 1024; // of output before it is written

} // namespace maild::imap
