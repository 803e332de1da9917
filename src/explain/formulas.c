/* The formulas of docs/network.md as one line of text and as MathML, with their numbers there. A
 * layer, a loss and an optimiser have theirs under their own names. */
#include "explain/page.h"

#include <string.h>

#define I(name)            "<mi>" name "</mi>"
#define O(sign)            "<mo>" sign "</mo>"
#define N(digits)          "<mn>" digits "</mn>"
#define ROW(inner)         "<mrow>" inner "</mrow>"
#define SUB(base, index)   "<msub>" base "<mrow>" index "</mrow></msub>"
#define SUP(base, power)   "<msup>" base "<mrow>" power "</mrow></msup>"
#define HAT(base)          "<mover accent=\"true\">" base "<mo>^</mo></mover>"
#define TILDE(base)        "<mover accent=\"true\">" base "<mo>~</mo></mover>"
#define FRAC(above, below) "<mfrac><mrow>" above "</mrow><mrow>" below "</mrow></mfrac>"
#define ROOT(inner)        "<msqrt>" inner "</msqrt>"
#define IN(inner)          O("(") inner O(")")
#define ABS(inner)         O("|") inner O("|")
#define NORM(inner)        O("‖") inner O("‖")
#define OVER(index)        "<munder><mo>∑</mo>" index "</munder>"
#define EXP(power)         SUP(I("e"), power)
#define AND                "<mo>,</mo><mspace width=\"1em\"/>"
#define TO                 O("←")
#define DOT                O("⋅")
#define PARTIAL(of, by)    FRAC(O("∂") of, O("∂") by)

#define Z_J         SUB(I("z"), I("j"))
#define Z_K         SUB(I("z"), I("k"))
#define A_J         SUB(I("a"), I("j"))
#define A_K         SUB(I("a"), I("k"))
#define A_I         SUB(I("a"), I("i"))
#define Y_K         SUB(I("y"), I("k"))
#define Y_I         SUB(I("y"), I("i"))
#define R_K         SUB(I("r"), I("k"))
#define W_JI        SUB(I("w"), I("j") I("i"))
#define W_KJ        SUB(I("w"), I("k") I("j"))
#define X_I         SUB(I("x"), I("i"))
#define B_J         SUB(I("b"), I("j"))
#define DELTA_J     SUB(I("δ"), I("j"))
#define DELTA_K     SUB(I("δ"), I("k"))
#define DELTA_IN    SUB(SUP(I("δ"), I("in")), I("j"))
#define GAMMA_J     SUB(I("γ"), I("j"))
#define MU_J        SUB(I("μ"), I("j"))
#define MU_K        SUB(I("μ"), I("k"))
#define Q_K         SUB(I("q"), I("k"))
#define F_J         I("f") IN(Z_J)
#define SLOPE_J     SUP(I("f"), O("′")) IN(Z_J)
#define X_HAT       SUB(HAT(I("x")), I("j"))
#define SIGMOID(of) I("σ") IN(of)
#define W_S         SUB(I("w"), I("s"))
#define BY_M        FRAC(N("1"), I("m"))
#define BY_WEIGHTS  FRAC(N("1"), OVER(I("s")) W_S)
#define BETA_1      SUB(I("β"), N("1"))
#define BETA_2      SUB(I("β"), N("2"))
#define ADAM_M      I("m") TO BETA_1 I("m") O("+") IN(N("1") O("-") BETA_1) I("g")
#define ADAM_V      I("v") TO BETA_2 I("v") O("+") IN(N("1") O("-") BETA_2) SUP(I("g"), N("2"))
#define ADAM_M_HAT  HAT(I("m")) O("=") FRAC(I("m"), N("1") O("-") SUP(BETA_1, I("t")))
#define ADAM_V_HAT  HAT(I("v")) O("=") FRAC(I("v"), N("1") O("-") SUP(BETA_2, I("t")))
#define ADAM_STEP   I("η") FRAC(HAT(I("m")), ROOT(HAT(I("v"))) O("+") I("ε"))

/* clang-format off */
static const sml_formula FORMULAS[] = {
#define ROW_OF(id, equation, text, mathml) {id, {text, ""}, mathml, equation}, /* ASCII: when a page is made */
/* A formula of a row as it is, and times the weight w_s of the row: left open right close. */
#define WEIGHED(id, equation, left, left_ml, open, close, open_ml, close_ml, right, right_ml) \
    ROW_OF(id, equation, left right, left_ml right_ml) \
    ROW_OF("weighted_" id, equation, left "w_s " open right close, \
           left_ml W_S open_ml right_ml close_ml)
/* A mean over the rows of a batch, and with weights. */
#define MEAN_OF(id, equation, left, left_ml, right, right_ml) \
    ROW_OF(id, equation, left "(1/m)" right, left_ml BY_M OVER(I("s")) right_ml) \
    ROW_OF("weighted_" id, equation, left "(1/Σ_s w_s)" right, \
           left_ml BY_WEIGHTS OVER(I("s")) right_ml)
    ROW_OF("dense", "1", "z_j = Σ_i w_ji x_i + b_j",
           Z_J O("=") OVER(I("i")) W_JI X_I O("+") B_J)
    ROW_OF("identity", "3", "a_j = z_j, f'(z_j) = 1",
           A_J O("=") Z_J AND SLOPE_J O("=") N("1"))
    ROW_OF("relu", "3", "a_j = max(0, z_j), f'(z_j) = 1 for z_j > 0, else 0",
           A_J O("=") I("max") IN(N("0") O(",") Z_J) AND SLOPE_J O("=") N("1") "<mtext> for </mtext>"
           Z_J O("&gt;") N("0") "<mtext>, else </mtext>" N("0"))
    ROW_OF("leaky_relu", "3", "a_j = f'(z_j) z_j, f'(z_j) = 1 for z_j > 0, else s",
           A_J O("=") SLOPE_J Z_J AND SLOPE_J O("=") N("1") "<mtext> for </mtext>" Z_J O("&gt;")
           N("0") "<mtext>, else </mtext>" I("s"))
    ROW_OF("elu", "3", "a_j = z_j, f'(z_j) = 1 for z_j > 0; else α (e^z_j - 1), α e^z_j",
           A_J O("=") Z_J AND SLOPE_J O("=") N("1") "<mtext> for </mtext>" Z_J O("&gt;") N("0")
           "<mtext>; else </mtext>" I("α") IN(EXP(Z_J) O("-") N("1")) AND I("α") EXP(Z_J))
    ROW_OF("gelu", "3", "a_j = z_j Φ(z_j), f'(z_j) = Φ(z_j) + z_j φ(z_j)",
           A_J O("=") Z_J I("Φ") IN(Z_J) AND SLOPE_J O("=") I("Φ") IN(Z_J) O("+") Z_J I("φ") IN(Z_J))
    ROW_OF("silu", "3", "a_j = z_j σ(z_j), f'(z_j) = σ(z_j) (1 + z_j (1 - σ(z_j)))",
           A_J O("=") Z_J SIGMOID(Z_J) AND SLOPE_J O("=") SIGMOID(Z_J)
           IN(N("1") O("+") Z_J IN(N("1") O("-") SIGMOID(Z_J))))
    ROW_OF("sigmoid", "3", "a_j = σ(z_j) = 1 / (1 + e^-z_j), f'(z_j) = σ(z_j) σ(-z_j)",
           A_J O("=") SIGMOID(Z_J) O("=") FRAC(N("1"), N("1") O("+") EXP(O("-") Z_J)) AND SLOPE_J
           O("=") SIGMOID(Z_J) SIGMOID(O("-") Z_J))
    ROW_OF("tanh", "3", "a_j = tanh z_j, f'(z_j) = 1 - tanh² z_j",
           A_J O("=") I("tanh") Z_J AND SLOPE_J O("=") N("1") O("-") SUP(I("tanh"), N("2")) Z_J)
    ROW_OF("softplus", "3", "a_j = ln(1 + e^z_j), f'(z_j) = σ(z_j)",
           A_J O("=") I("ln") IN(N("1") O("+") EXP(Z_J)) AND SLOPE_J O("=") SIGMOID(Z_J))
    ROW_OF("dropout", "25", "a_j = z_j k_j / (1 - p), k_j is 0 or 1",
           A_J O("=") Z_J FRAC(SUB(I("k"), I("j")), N("1") O("-") I("p")) AND SUB(I("k"), I("j"))
           O("∈") O("{") N("0") O(",") N("1") O("}"))
    ROW_OF("batch_norm", "42", "a_j = γ_j (z_j - μ_j) r_j + β_j",
           A_J O("=") GAMMA_J IN(Z_J O("-") MU_J) SUB(I("r"), I("j")) O("+") SUB(I("β"), I("j")))
    ROW_OF("layer_norm", "42", "a_j = γ_j (z_j - μ) r + β_j",
           A_J O("=") GAMMA_J IN(Z_J O("-") I("μ")) I("r") O("+") SUB(I("β"), I("j")))

    ROW_OF("softmax", "4", "a_k = e^(z_k - M) / S, S = Σ_j e^(z_j - M), M = max z_j",
           A_K O("=") FRAC(EXP(Z_K O("-") I("M")), I("S")) AND I("S") O("=") OVER(I("j"))
           EXP(Z_J O("-") I("M")) AND I("M") O("=") I("max") Z_J)
    ROW_OF("sigmoids", "3", "a_k = σ(z_k)", A_K O("=") SIGMOID(Z_K))
    ROW_OF("identities", "3", "a_k = z_k", A_K O("=") Z_K)
    ROW_OF("scaled_targets", "51", "a_k = z_k / q_k + μ_k, y_k = (t_k - μ_k) q_k",
           A_K O("=") FRAC(Z_K, Q_K) O("+") MU_K AND Y_K O("=") IN(SUB(I("t"), I("k")) O("-") MU_K)
           Q_K)
    WEIGHED("cross_entropy", "7", "C = ", I("C") O("="), "(", ")", O("("), O(")"),
            "M + ln Σ_j e^(z_j - M) - Σ_k y_k z_k",
            I("M") O("+") I("ln") OVER(I("j")) EXP(Z_J O("-") I("M")) O("-") OVER(I("k")) Y_K Z_K)
    WEIGHED("binary_cross_entropy", "12", "C = ", I("C") O("="), "", "", "", "",
            "(1/K) Σ_k (max(z_k, 0) - z_k y_k + ln(1 + e^-|z_k|))",
            FRAC(N("1"), I("K")) OVER(I("k")) IN(I("max") IN(Z_K O(",") N("0")) O("-")
            Z_K Y_K O("+") I("ln") IN(N("1") O("+") EXP(O("-") ABS(Z_K)))))
    WEIGHED("mean_squared_error", "14", "C = ", I("C") O("="), "", "", "", "",
            "(1/K) Σ_k r_k², r_k = z_k - y_k",
            FRAC(N("1"), I("K")) OVER(I("k")) "<msubsup>" I("r") I("k") N("2")
            "</msubsup>" AND R_K O("=") Z_K O("-") Y_K)
    WEIGHED("mean_absolute_error", "15", "C = ", I("C") O("="), "", "", "", "",
            "(1/K) Σ_k |r_k|, r_k = z_k - y_k",
            FRAC(N("1"), I("K")) OVER(I("k")) ABS(R_K) AND R_K O("=") Z_K O("-") Y_K)
    WEIGHED("huber", "16", "C = ", I("C") O("="), "", "", "", "",
            "(1/K) Σ_k h(r_k), h(r) = ½ r² for |r| ≤ 1, else |r| - ½",
            FRAC(N("1"), I("K")) OVER(I("k")) I("h") IN(R_K) AND I("h") IN(I("r")) O("=")
            FRAC(N("1"), N("2")) SUP(I("r"), N("2")) "<mtext> for </mtext>" ABS(I("r")) O("≤") N("1")
            "<mtext>, else </mtext>" ABS(I("r")) O("-") FRAC(N("1"), N("2")))
    ROW_OF("weighted_batch_loss", NULL, "C = (1/Σ_s w_s) Σ_s w_s C_s",
           I("C") O("=") BY_WEIGHTS OVER(I("s")) W_S SUB(I("C"), I("s")))
    ROW_OF("label_smoothing", "10", "y_k ← (1 - ε) y_k + ε / K",
           Y_K TO IN(N("1") O("-") I("ε")) Y_K O("+") FRAC(I("ε"), I("K")))

    WEIGHED("jacobian", "8", "δ_k = ", DELTA_K O("="), "", "", "", "",
            "Σ_i (-y_i / a_i) a_i (1[i = k] - a_k)",
            OVER(I("i")) IN(O("-") FRAC(Y_I, A_I)) A_I
            IN(N("1") O("[") I("i") O("=") I("k") O("]") O("-") A_K))
    WEIGHED("delta_cross_entropy", "9", "δ_k = ", DELTA_K O("="), "(", ")", O("("), O(")"),
            "a_k - y_k", A_K O("-") Y_K)
    WEIGHED("delta_binary_cross_entropy", "13", "δ_k = ", DELTA_K O("="), "", "", "", "",
            "(σ(z_k) - y_k) / K", FRAC(N("1"), I("K")) IN(SIGMOID(Z_K) O("-") Y_K))
    WEIGHED("delta_mean_squared_error", "14", "δ_k = ", DELTA_K O("="), "", "", "", "",
            "2 r_k / K", FRAC(N("2"), I("K")) R_K)
    WEIGHED("delta_mean_absolute_error", "15", "δ_k = ", DELTA_K O("="), "", "", "", "",
            "sign(r_k) / K, sign(0) := 0",
            FRAC(N("1"), I("K")) I("sign") IN(R_K) AND I("sign") IN(N("0")) O(":=") N("0"))
    WEIGHED("delta_huber", "16", "δ_k = ", DELTA_K O("="), "", "", "", "",
            "max(-1, min(1, r_k)) / K",
            FRAC(N("1"), I("K")) I("max") IN(O("-") N("1") O(",") I("min") IN(N("1") O(",") R_K)))

    ROW_OF("back", "17", "∂C/∂a_j = Σ_k w_kj δ_k",
           PARTIAL(I("C"), A_J) O("=") OVER(I("k")) W_KJ DELTA_K)
    ROW_OF("gate", "18", "δ_j = ∂C/∂a_j ⋅ f'(z_j)",
           DELTA_J O("=") PARTIAL(I("C"), A_J) DOT SLOPE_J)
    ROW_OF("input_gradient", "19", "∂C/∂x_i = Σ_j w_ji δ_j",
           PARTIAL(I("C"), X_I) O("=") OVER(I("j")) W_JI DELTA_J)
    ROW_OF("gradient", "20", "dW_ji = δ_j x_i, db_j = δ_j",
           I("d") SUB(I("W"), I("j") I("i")) O("=") DELTA_J X_I AND I("d") B_J O("=") DELTA_J)
    MEAN_OF("gradient_of_batch", "21", "dW_ji = ", I("d") SUB(I("W"), I("j") I("i")) O("="),
            " Σ_s δ_sj x_si", SUB(I("δ"), I("s") I("j")) SUB(I("x"), I("s") I("i")))
    MEAN_OF("bias_of_batch", "22", "db_j = ", I("d") B_J O("="), " Σ_s δ_sj",
            SUB(I("δ"), I("s") I("j")))
    ROW_OF("row_identity", NULL, "Σ_i w_ji δ_j x_i + b_j δ_j = δ_j z_j",
           OVER(I("i")) W_JI DELTA_J X_I O("+") B_J DELTA_J O("=") DELTA_J Z_J)
    ROW_OF("delta_dropout", "25", "∂C/∂z_j = ∂C/∂a_j k_j / (1 - p)",
           PARTIAL(I("C"), Z_J) O("=") PARTIAL(I("C"), A_J)
           FRAC(SUB(I("k"), I("j")), N("1") O("-") I("p")))
    ROW_OF("delta_norm_fixed", "45", "∂C/∂z_j = γ_j r_j ∂C/∂a_j",
           PARTIAL(I("C"), Z_J) O("=") GAMMA_J SUB(I("r"), I("j")) PARTIAL(I("C"), A_J))
    ROW_OF("delta_batch_norm", "48", "∂C/∂z_t = γ r (δ_t - (1/m) Σ_s δ_s - x\u0302_t (1/m) Σ_s δ_s x\u0302_s)",
           PARTIAL(I("C"), SUB(I("z"), I("t"))) O("=") I("γ") I("r") IN(SUB(I("δ"), I("t")) O("-")
           FRAC(N("1"), I("m")) OVER(I("s")) SUB(I("δ"), I("s")) O("-") SUB(HAT(I("x")), I("t"))
           FRAC(N("1"), I("m")) OVER(I("s")) SUB(I("δ"), I("s")) SUB(HAT(I("x")), I("s"))))
    ROW_OF("delta_layer_norm", "50",
           "∂C/∂z_j = r (g_j - (1/n) Σ_i g_i - x\u0302_j (1/n) Σ_i g_i x\u0302_i), g = γ ∂C/∂a",
           PARTIAL(I("C"), Z_J) O("=") I("r") IN(SUB(I("g"), I("j")) O("-") FRAC(N("1"), I("n"))
           OVER(I("i")) SUB(I("g"), I("i")) O("-") X_HAT FRAC(N("1"), I("n")) OVER(I("i"))
           SUB(I("g"), I("i")) SUB(HAT(I("x")), I("i"))) AND I("g") O("=") I("γ") PARTIAL(I("C"), I("a")))
    MEAN_OF("gamma_of_batch", "42", "dγ_j = ", I("d") GAMMA_J O("="), " Σ_s δ_sj x\u0302_sj",
            SUB(I("δ"), I("s") I("j")) SUB(HAT(I("x")), I("s") I("j")))
    MEAN_OF("beta_of_batch", "42", "dβ_j = ", I("d") SUB(I("β"), I("j")) O("="), " Σ_s δ_sj",
            SUB(I("δ"), I("s") I("j")))

    ROW_OF("penalties", "24", "g = dW_ji + λ₁ sign(w_ji) + λ₂ w_ji",
           I("g") O("=") I("d") SUB(I("W"), I("j") I("i")) O("+") SUB(I("λ"), N("1")) I("sign")
           IN(W_JI) O("+") SUB(I("λ"), N("2")) W_JI)
    ROW_OF("clipping", "26", "g ← g min(1, c / (‖g‖ + 10^-6))",
           I("g") TO I("g") I("min") IN(N("1") O(",")
           FRAC(I("c"), NORM(I("g")) O("+") SUP(N("10"), O("-") N("6")))))
    ROW_OF("decay", "27", "g ← g + λ θ", I("g") TO I("g") O("+") I("λ") I("θ"))
    ROW_OF("sgd", "28", "θ ← θ - η g", I("θ") TO I("θ") O("-") I("η") I("g"))
    ROW_OF("momentum", "29", "v ← μ v + g, θ ← θ - η v",
           I("v") TO I("μ") I("v") O("+") I("g") AND I("θ") TO I("θ") O("-") I("η") I("v"))
    ROW_OF("nesterov", "30", "v ← μ v + g, θ ← θ - η (g + μ v)",
           I("v") TO I("μ") I("v") O("+") I("g") AND I("θ") TO I("θ") O("-") I("η")
           IN(I("g") O("+") I("μ") I("v")))
    ROW_OF("rmsprop", "31", "v ← α v + (1 - α) g², θ ← θ - η g / (√v + ε)",
           I("v") TO I("α") I("v") O("+") IN(N("1") O("-") I("α")) SUP(I("g"), N("2")) AND I("θ") TO
           I("θ") O("-") I("η") FRAC(I("g"), ROOT(I("v")) O("+") I("ε")))
    ROW_OF("adagrad", "32", "v ← v + g², θ ← θ - η g / (√v + ε)",
           I("v") TO I("v") O("+") SUP(I("g"), N("2")) AND I("θ") TO I("θ") O("-") I("η")
           FRAC(I("g"), ROOT(I("v")) O("+") I("ε")))
    ROW_OF("adam", "33", "m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², m\u0302 = m / (1 - β₁^t), "
           "v\u0302 = v / (1 - β₂^t), θ ← θ - η m\u0302 / (√v\u0302 + ε)",
           ADAM_M AND ADAM_V AND ADAM_M_HAT AND ADAM_V_HAT AND I("θ") TO I("θ") O("-") ADAM_STEP)
    ROW_OF("adamw", "34", "θ ← θ - η λ θ, m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², "
           "m\u0302 = m / (1 - β₁^t), v\u0302 = v / (1 - β₂^t), θ ← θ - η m\u0302 / (√v\u0302 + ε)",
           I("θ") TO I("θ") O("-") I("η") I("λ") I("θ") AND ADAM_M AND ADAM_V AND ADAM_M_HAT AND
           ADAM_V_HAT AND I("θ") TO I("θ") O("-") ADAM_STEP)

    ROW_OF("momentum_v", "29", "v ← μ v + g", I("v") TO I("μ") I("v") O("+") I("g"))
    ROW_OF("momentum_step", "29", "θ ← θ - η v", I("θ") TO I("θ") O("-") I("η") I("v"))
    ROW_OF("nesterov_v", "30", "v ← μ v + g", I("v") TO I("μ") I("v") O("+") I("g"))
    ROW_OF("nesterov_step", "30", "θ ← θ - η (g + μ v)",
           I("θ") TO I("θ") O("-") I("η") IN(I("g") O("+") I("μ") I("v")))
    ROW_OF("rmsprop_v", "31", "v ← α v + (1 - α) g²",
           I("v") TO I("α") I("v") O("+") IN(N("1") O("-") I("α")) SUP(I("g"), N("2")))
    ROW_OF("rmsprop_step", "31", "θ ← θ - η g / (√v + ε)",
           I("θ") TO I("θ") O("-") I("η") FRAC(I("g"), ROOT(I("v")) O("+") I("ε")))
    ROW_OF("adagrad_v", "32", "v ← v + g²", I("v") TO I("v") O("+") SUP(I("g"), N("2")))
    ROW_OF("adagrad_step", "32", "θ ← θ - η g / (√v + ε)",
           I("θ") TO I("θ") O("-") I("η") FRAC(I("g"), ROOT(I("v")) O("+") I("ε")))
    ROW_OF("adam_m", "33", "m ← β₁ m + (1 - β₁) g", ADAM_M)
    ROW_OF("adam_v", "33", "v ← β₂ v + (1 - β₂) g²", ADAM_V)
    ROW_OF("adam_m_hat", "33", "m\u0302 = m / (1 - β₁^t)", ADAM_M_HAT)
    ROW_OF("adam_v_hat", "33", "v\u0302 = v / (1 - β₂^t)", ADAM_V_HAT)
    ROW_OF("adam_step", "33", "θ ← θ - η m\u0302 / (√v\u0302 + ε)", I("θ") TO I("θ") O("-") ADAM_STEP)
    ROW_OF("adamw_step", "34", "θ ← θ - η λ θ - η m\u0302 / (√v\u0302 + ε)",
           I("θ") TO I("θ") O("-") I("η") I("λ") I("θ") O("-") ADAM_STEP)
    ROW_OF("first_order", NULL, "ΔC ≈ Σ g Δθ",
           O("Δ") I("C") O("≈") O("∑") I("g") O("Δ") I("θ"))
#undef ROW_OF
#undef WEIGHED
#undef MEAN_OF
};
/* clang-format on */

const sml_formula *sml__formula(const char *name)
{
    for (size_t i = 0; i < sizeof FORMULAS / sizeof FORMULAS[0]; i++) {
        if (strcmp(FORMULAS[i].name, name) == 0) {
            return &FORMULAS[i];
        }
    }
    return NULL;
}

const sml_formula *sml__formula_at(size_t index)
{
    return index < sizeof FORMULAS / sizeof FORMULAS[0] ? &FORMULAS[index] : NULL;
}
