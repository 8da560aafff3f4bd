#include "maild/store/fault_record.hpp"

#include "maild/ipc/codec.hpp"

#include <vector>

namespace maild::store {
namespace {

struct Row {
    ShardId shard;
    std::chrono::milliseconds at{};
    bool is_second = false;
};

template <class Codec> void describe(Codec& codec, Row& row) {
    codec(row.shard, row.at, row.is_second);
}

} // namespace

void FaultRecord::add(ShardId shard, SteadyTime now) {
    const auto at = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch());
    const auto [known, is_first] = faults_.try_emplace(shard, Fault{at});
    if (is_first) return;
    auto& fault = known->second;
    fault.is_second = fault.is_second || at - fault.at <= kFaultWindow;
    fault.at = at;
}

bool FaultRecord::is_read_only(ShardId shard) const {
    const auto fault = faults_.find(shard);
    return fault != faults_.end() && fault->second.is_second;
}

std::string FaultRecord::format() const {
    std::vector<Row> rows;
    for (const auto& [shard, fault] : faults_) rows.push_back({shard, fault.at, fault.is_second});
    return ipc::encode(rows);
}

FaultRecord FaultRecord::parse(std::string_view bytes) {
    FaultRecord record;
    const auto rows = ipc::decode<std::vector<Row>>(bytes);
    if (!rows) return record;
    for (const auto& row : *rows) record.faults_[row.shard] = {row.at, row.is_second};
    return record;
}

} // namespace maild::store
