#include "core/pickle.hpp"

#include <cstddef>
#include <cstring>

#include <c10/util/Exception.h>

#include "core/pickle_opcodes.hpp"
#include "core/torch_objects.hpp"

namespace lightly::core::pickle {
namespace {

// Far more than the checkpoint of any network has. The first bounds the time, the second the memory
// of what is made of a few opcodes: a tensor of many axes, a dict of all pairs of a list.
constexpr std::size_t kMostObjects = std::size_t{1} << 22;
constexpr std::size_t kMostObjectBytes = std::size_t{256} << 20;

// Of a new object; what is put into it later has been pushed and is counted there.
std::size_t bytes_of(const Value& value) {
  if (const auto* tensor = std::get_if<Tensor>(&value)) {
    return sizeof(value) + 2 * tensor->sizes.size() * sizeof(tensor->sizes[0]);
  }
  if (const auto* dict = std::get_if<Dict>(&value)) {
    return sizeof(value) + dict->items.size() * sizeof(dict->items[0]);
  }
  return sizeof(value);
}

class Machine {
 public:
  Machine(Objects& objects, std::string_view bytes) : objects_(objects), bytes_(bytes) {}

  Ref run() {
    while (true) {
      const auto opcode = take<unsigned char>();
      if (opcode == kStop) {
        return pop();
      }
      if (!value(opcode) && !container(opcode) && !object(opcode) && !memo(opcode)) {
        fail("opcode ", static_cast<int>(opcode), " is none of protocols 2 to 5");
      }
    }
  }

  std::string_view rest() const { return bytes_; }

 private:
  template <typename... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    TORCH_CHECK(false, objects_.where(), ": bad pickle: ", parts...);
  }

  std::string_view take_bytes(std::uint64_t count) {
    if (count > bytes_.size()) {
      fail(count, " bytes needed where ", bytes_.size(), " are left");
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

  template <typename Integer>
  Integer take() {
    Integer integer{};
    const std::string_view taken = take_bytes(sizeof(integer));
    std::memcpy(&integer, taken.data(), taken.size());
    return integer;
  }

  /// Bytes after their count.
  template <typename Integer>
  std::string_view take_text() {
    return take_bytes(take<Integer>());
  }

  std::string_view take_line() {
    const std::size_t length = bytes_.find('\n');
    if (length == std::string_view::npos) {
      fail("a name without end");
    }
    return take_bytes(length + 1).substr(0, length);
  }

  void push(Ref ref) {
    // Counts what is pushed in all, which bounds every container and the time.
    if (++pushes_ > kMostObjects) {
      fail("more than ", kMostObjects, " objects");
    }
    stack_.push_back(ref);
  }

  void push_new(Value new_value) { push(objects_.add(std::move(new_value))); }

  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  Ref pop() {
    const Ref ref = top();
    stack_.pop_back();
    return ref;
  }

  Ref top() const {
    if (stack_.size() <= floor()) {
      fail("an operand is missing");
    }
    return stack_.back();
  }

  std::vector<Ref> pop(std::size_t count) {
    if (stack_.size() - floor() < count) {
      fail("an operand is missing");
    }
    std::vector<Ref> refs(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return refs;
  }

  std::vector<Ref> pop_to_mark() {
    if (marks_.empty()) {
      fail("a mark is missing");
    }
    std::vector<Ref> refs = pop(stack_.size() - marks_.back());
    marks_.pop_back();
    return refs;
  }

  std::vector<std::pair<Ref, Ref>> pop_pairs_to_mark() {
    const std::vector<Ref> refs = pop_to_mark();
    if (refs.size() % 2 != 0) {
      fail("a key without value");
    }
    std::vector<std::pair<Ref, Ref>> pairs;
    for (std::size_t i = 0; i < refs.size(); i += 2) {
      pairs.emplace_back(refs[i], refs[i + 1]);
    }
    return pairs;
  }

  // An integer of any length, little-endian in two's complement.
  void push_long(std::string_view digits) {
    std::int64_t integer = 0;
    if (digits.size() > sizeof(integer)) {
      push(kNothing);
      return;
    }
    if (!digits.empty()) {
      integer = static_cast<signed char>(digits.back()) < 0 ? -1 : 0;
      std::memcpy(&integer, digits.data(), digits.size());
    }
    push_new(integer);
  }

  // Each of these runs the opcode if it is one of its own.
  bool value(unsigned char opcode) {
    switch (opcode) {
      case kProtocol:
        if (const auto protocol = take<std::uint8_t>(); protocol < 2 || protocol > 5) {
          fail("protocol ", static_cast<int>(protocol), ", expected 2 to 5");
        }
        return true;
      case kFrame:
        take<std::uint64_t>();
        return true;
      case kNone:
      case kEmptySet:
        push(kNothing);
        return true;
      case kNewTrue:
      case kNewFalse:
        push_new(opcode == kNewTrue);
        return true;
      case kBinInt:
        push_new(std::int64_t{take<std::int32_t>()});
        return true;
      case kBinInt1:
        push_new(std::int64_t{take<std::uint8_t>()});
        return true;
      case kBinInt2:
        push_new(std::int64_t{take<std::uint16_t>()});
        return true;
      case kLong1:
        push_long(take_text<std::uint8_t>());
        return true;
      case kLong4:
        push_long(take_text<std::uint32_t>());
        return true;
      case kBinFloat:
        take<double>();
        push(kNothing);
        return true;
      case kShortBinUnicode:
      case kShortBinString:
        push_new(take_text<std::uint8_t>());
        return true;
      case kBinUnicode:
      case kBinString:
        push_new(take_text<std::uint32_t>());
        return true;
      case kBinUnicode8:
        push_new(take_text<std::uint64_t>());
        return true;
      case kShortBinBytes:
        take_text<std::uint8_t>();
        push(kNothing);
        return true;
      case kBinBytes:
        take_text<std::uint32_t>();
        push(kNothing);
        return true;
      case kBinBytes8:
      case kByteArray8:
        take_text<std::uint64_t>();
        push(kNothing);
        return true;
      default:
        return false;
    }
  }

  bool container(unsigned char opcode) {
    switch (opcode) {
      case kMark:
        if (marks_.size() >= kMostObjects) {
          fail("more than ", kMostObjects, " marks");
        }
        marks_.push_back(stack_.size());
        return true;
      case kPop:
        if (!marks_.empty() && stack_.size() == floor()) {
          marks_.pop_back();
        } else {
          pop();
        }
        return true;
      case kPopMark:
      case kAddItems:
        pop_to_mark();
        return true;
      case kFrozenSet:
        pop_to_mark();
        push(kNothing);
        return true;
      case kEmptyTuple:
      case kEmptyList:
        push_new(Sequence());
        return true;
      case kTuple1:
      case kTuple2:
      case kTuple3:
        push_new(Sequence{pop(opcode - kTuple1 + 1U)});
        return true;
      case kTuple:
      case kList:
        push_new(Sequence{pop_to_mark()});
        return true;
      case kAppend:
        append({pop()});
        return true;
      case kAppends:
        append(pop_to_mark());
        return true;
      case kEmptyDict:
        push_new(Dict());
        return true;
      case kDict:
        push_new(Dict{pop_pairs_to_mark()});
        return true;
      case kSetItem: {
        const Ref item = pop();
        set({{pop(), item}});
        return true;
      }
      case kSetItems:
        set(pop_pairs_to_mark());
        return true;
      default:
        return false;
    }
  }

  bool object(unsigned char opcode) {
    switch (opcode) {
      case kGlobal: {
        const std::string_view module = take_line();
        push_new(Global{module, take_line()});
        return true;
      }
      case kStackGlobal: {
        const auto* name = objects_.get<std::string_view>(pop());
        const auto* module = objects_.get<std::string_view>(pop());
        if (name == nullptr || module == nullptr) {
          fail("the name of a class is no text");
        }
        push_new(Global{*module, *name});
        return true;
      }
      case kReduce:
      case kNewObject: {
        const Ref arguments = pop();
        push(call(objects_, pop(), arguments));
        return true;
      }
      case kNewObjectWithKeywords: {
        pop();
        pop();
        const auto* type = objects_.get<Global>(pop());
        push_new(Foreign{type == nullptr ? Global() : *type});
        return true;
      }
      case kBuild:
        // The state of a Foreign, or an attribute as `_metadata` of a state_dict.
        pop();
        top();
        return true;
      case kBinPersistentId:
        push(persistent(objects_, pop()));
        return true;
      default:
        return false;
    }
  }

  bool memo(unsigned char opcode) {
    switch (opcode) {
      case kBinPut:
        put(take<std::uint8_t>());
        return true;
      case kLongBinPut:
        put(take<std::uint32_t>());
        return true;
      case kMemoize:
        put(static_cast<std::uint32_t>(memo_.size()));
        return true;
      case kBinGet:
        push(recall(take<std::uint8_t>()));
        return true;
      case kLongBinGet:
        push(recall(take<std::uint32_t>()));
        return true;
      case kDup:
        push(top());
        return true;
      default:
        return false;
    }
  }

  void append(const std::vector<Ref>& refs) {
    if (auto* list = objects_.get<Sequence>(top())) {
      list->items.insert(list->items.end(), refs.begin(), refs.end());
    }
  }

  void set(const std::vector<std::pair<Ref, Ref>>& pairs) {
    if (auto* dict = objects_.get<Dict>(top())) {
      dict->items.insert(dict->items.end(), pairs.begin(), pairs.end());
    }
  }

  void put(std::uint32_t key) {
    if (memo_.size() >= kMostObjects) {
      fail("more than ", kMostObjects, " objects in the memo");
    }
    memo_.insert_or_assign(key, top());
  }

  Ref recall(std::uint32_t key) const {
    const auto found = memo_.find(key);
    if (found == memo_.end()) {
      fail("nothing in the memo under ", key);
    }
    return found->second;
  }

  Objects& objects_;
  std::string_view bytes_;
  std::vector<Ref> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, Ref> memo_;
  std::size_t pushes_ = 0;
};

}  // namespace

Ref Objects::add(Value value) {
  bytes_ += bytes_of(value);
  TORCH_CHECK(bytes_ <= kMostObjectBytes, where_, ": bad pickle: objects of more than ",
              kMostObjectBytes, " bytes");
  values_.push_back(std::move(value));
  return static_cast<Ref>(values_.size() - 1);
}

Ref load(Objects& objects, std::string_view& bytes) {
  Machine machine(objects, bytes);
  const Ref root = machine.run();
  bytes = machine.rest();
  return root;
}

}  // namespace lightly::core::pickle
