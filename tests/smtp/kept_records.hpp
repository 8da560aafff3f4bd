#pragma once
// A trace sink that keeps what it is given.

#include "maild/trace/record.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace maild::smtp::test {

struct KeptRecords final : trace::Sink {
    std::vector<trace::Record> records;
    bool is_off = false;

    bool is_wanted() const override { return !is_off; }
    void record(trace::Record record) override { records.push_back(std::move(record)); }
    const trace::Record& only() const {
        static const trace::Record none;
        EXPECT_EQ(records.size(), 1U);
        return records.empty() ? none : records.back();
    }
};

} // namespace maild::smtp::test
