#!/usr/bin/env bash
# The numbers that formulas and relations have on pages and in the JSON are those of docs/network.md:
# for each formula there is what it looks like there, which must stand at its number and nowhere else.
source "$(dirname "$0")/../package/lib.sh"
cd "$SCRATCHML_SOURCE"

# Lines of the page that define a number, behind it and a tabulator: "\tag{7}", or a rule of an optimiser,
# a row that ends "| (28) |".
sed -nE 's/^(.*)\\tag\{([0-9]+)\}.*/\2\t\1/p; s/^(\|.*←.*)\| \(([0-9]+)\) \|$/\2\t\1/p' docs/network.md >"$scratch/lines"
[[ $(wc -l <"$scratch/lines") -eq $(cut -f 1 "$scratch/lines" | sort -u | wc -l) ]] ||
    fail 'docs/network.md has a number twice'

# NAME: how docs/network.md writes it.
looks=$(
    cat <<'END'
dense: z^l_j = \sum_i W^l_{ji} a^{l-1}_i + b^l_j
identity relu leaky_relu elu gelu silu sigmoid tanh softplus sigmoids identities: a = f(z), \qquad
dropout: a_j = \frac{k_j}{1 - p} z_j
batch_norm layer_norm: a_{sj} = γ_j \hat x_{sj} + β_j
softmax: a_k = \frac{e^{z_k - M}}{S}
scaled_targets: a_k = \frac{z_k}{q_k} + μ_k
cross_entropy: M + \ln \sum_j e^{z_j - M} - \sum_k y_k z_k
binary_cross_entropy: \max(z_k, 0) - z_k y_k + \ln(1 + e^{-|z_k|})
mean_squared_error: C_s = \frac{1}{K} \sum_k r_k^2
mean_absolute_error: C_s = \frac{1}{K} \sum_k |r_k|
huber: C_s = \frac{1}{K} \sum_k h(r_k)
label_smoothing: (1 - ε) y_k + \frac{ε}{K}
jacobian: \left( -\frac{y_i}{a_i} \right) a_i (1[i = k] - a_k)
binary_jacobian: -y_k \ln σ(z_k) - (1 - y_k) \ln(1 - σ(z_k))
delta_cross_entropy: δ^L = a - y
delta_binary_cross_entropy: \frac{1}{K} (σ(z_k) - y_k)
delta_mean_squared_error: δ^L_k = \frac{2}{K} r_k
delta_mean_absolute_error: δ^L_k = \frac{1}{K} \mathrm{sign}(r_k)
delta_huber: \max(-1, \min(1, r_k))
back: \sum_k W^{l+1}_{kj} δ^{l+1}_k
gate: ⊙ f'(z^l)
input_gradient: \frac{∂C_s}{∂x} = (W^1)^T δ^1
gradient: \frac{∂C_s}{∂W^l_{ji}} = δ^l_j a^{l-1}_i
gradient_of_batch: dW^l = \frac{∂C}{∂W^l} = \frac{1}{m} \sum_s
bias_of_batch: db^l = \frac{∂C}{∂b^l} = \frac{1}{m} \sum_s
delta_dropout: \frac{∂C_s}{∂z_j} = \frac{k_j}{1 - p}
delta_norm_fixed: \frac{γ_j}{\sqrt{\tilde v_j + ε}} δ_{sj}
delta_batch_norm: γ r \left( δ_t - \frac{1}{m} \sum_s δ_s - \hat x_t
delta_layer_norm: r_s \left( g_{sj} - \frac{1}{n} \sum_i g_{si}
norm_gradient gamma_of_batch beta_of_batch: dγ_j = \frac{1}{m} \sum_s δ_{sj} \hat x_{sj}
running: \tilde μ_j ← (1 - ρ) \tilde μ_j + ρ μ_j
batch_statistics: μ_j = \frac{1}{m} \sum_s z_{sj}
layer_statistics: μ_s = \frac{1}{n} \sum_j z_{sj}
penalties: λ_1 \mathrm{sign}(W^l_{ji}) + λ_2 W^l_{ji}
clipping: \min\left( 1, \frac{c}{\lVert g \rVert + 10^{-6}} \right)
decay: g ← g + λ θ
sgd: $θ ← θ - η g$
momentum momentum_v momentum_step: $v ← μ v + g$; $θ ← θ - η v$
nesterov nesterov_v nesterov_step: $v ← μ v + g$; $θ ← θ - η (g + μ v)$
rmsprop rmsprop_v rmsprop_step: $v ← α v + (1 - α) g^2$
adagrad adagrad_v adagrad_step: $v ← v + g^2$
adam adam_m adam_v adam_m_hat adam_v_hat adam_step: $m ← β_1 m + (1 - β_1) g$
adamw adamw_step: $θ ← θ - η λ θ$
END
)
while IFS= read -r row; do
    number=$(LC_ALL=C grep -F -- "${row#*: }" "$scratch/lines" | cut -f 1)
    [[ $number =~ ^[0-9]+$ ]] || fail "docs/network.md has not one line with ${row#*: }, but: ${number:-none}"
    for name in ${row%%:*}; do
        printf '%s %s\n' "$name" "$number"
    done
done <<<"$looks" | sort >"$scratch/numbers" || exit 1

# wrong FILE: prints each "name number" of it that is not the page's.
wrong() { sort -u "$1" | comm -23 - "$scratch/numbers"; }

# Formulas of pages.
sed -nE 's/.*(ROW_OF|WEIGHED|MEAN_OF)\("([a-z_0-9]+)", "([0-9]+)".*/\2 \3/p' src/explain/formulas.c >"$scratch/formulas"
[[ $(wc -l <"$scratch/formulas") -ge 60 ]] || fail 'src/explain/formulas.c has fewer numbers than it did'
[[ -z $(wrong "$scratch/formulas") ]] || fail "other numbers in docs/network.md: $(wrong "$scratch/formulas")"

# Relations of traces, by the formula that each one is about.
sed -nE 's/.*\{"([a-z_]+)", "\(([0-9]+)\)", .*/\1 \2/p' src/explain/trace_checks.c |
    sed -E 's/^(z|row_identity) /dense /; s/^activation(_delta)? /relu /; s/^dropout_delta /delta_dropout /
        s/^norm_running /running /; s/^norm /batch_norm /; s/^sum_of_a /softmax /
        s/^sum_of_delta /delta_cross_entropy /; s/^delta_back /back /; s/^bias_gradient /bias_of_batch /
        s/^(weight_gradient|unit_identity) /gradient_of_batch /
        s/^(gamma|beta)_gradient /norm_gradient /' >"$scratch/relations"
[[ $(wc -l <"$scratch/relations") -ge 15 ]] || fail 'src/explain/trace_checks.c has fewer numbers than it did'
grep -oE '\[SML__OVER_[A-Z]+\] = "\([0-9]+\)"' src/explain/trace_checks.c |
    sed -E 's/\[SML__OVER_UNITS\]/delta_layer_norm/; s/\[SML__OVER_ROWS\]/delta_batch_norm/
        s/\[SML__OVER_NOTHING\]/delta_norm_fixed/; s/ = "\(([0-9]+)\)"/ \1/' >>"$scratch/relations"
sed -nE 's/.*SML__OVER_ROWS \? "\(([0-9]+)\)" : "\(([0-9]+)\)".*/batch_statistics \1\nlayer_statistics \2/p
    s/.*target_scaling != NULL \? "\(([0-9]+)\)".*/scaled_targets \1/p' src/explain/trace_checks.c >>"$scratch/relations"
# Of each loss: prediction, loss, δ through the output function, δ.
grep -oE '\{"\([0-9]+\)"(, "\([0-9]+\)"){3}\}' src/explain/trace_loss.c | tr -cs '0-9\n' ' ' >"$scratch/losses"
paste -d ' ' - "$scratch/losses" <<'END' |
softmax cross_entropy jacobian delta_cross_entropy
sigmoids binary_cross_entropy binary_jacobian delta_binary_cross_entropy
identities mean_squared_error delta_mean_squared_error delta_mean_squared_error
identities mean_absolute_error delta_mean_absolute_error delta_mean_absolute_error
identities huber delta_huber delta_huber
END
    awk 'NF != 8 { print "a loss without numbers"; next } { for (i = 1; i <= 4; i++) print $i, $(i + 4) }' >>"$scratch/relations"
[[ $(wc -l <"$scratch/relations") -ge 41 ]] || fail 'fewer numbers of relations than there were'
[[ -z $(wrong "$scratch/relations") ]] || fail "other numbers in docs/network.md: $(wrong "$scratch/relations")"

# A number that is off by one is found, each of them.
cat "$scratch/formulas" "$scratch/relations" | sort -u | awk '{ print $1, $2 + 1 }' >"$scratch/off"
[[ $(wrong "$scratch/off" | wc -l) -eq $(wc -l <"$scratch/off") ]] || fail 'a planted number is not found'
step "$(wc -l <"$scratch/formulas") formulas and $(wc -l <"$scratch/relations") relations have the numbers of docs/network.md"
