#include "wobackup/keys.h"

#include <utility>

#include "age/keys_state.h"

namespace wobackup {

Keys::Keys() : Keys(KeySources{}) {}
Keys::Keys(KeySources sources) : state_(std::make_shared<State>()) { state_->sources = std::move(sources); }
const KeySources& Keys::sources() const noexcept { return state_->sources; }

}  // namespace wobackup
