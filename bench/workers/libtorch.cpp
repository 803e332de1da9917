// LibTorch: the same as pytorch.py, in C++.
#include "worker.h"

#include <torch/torch.h>
#include <torch/version.h>

#include <functional>
#include <memory>
#include <vector>

namespace
{

using torch::Tensor;

Tensor read_floats(const std::string &path, const char *ending, int64_t columns)
{
    size_t count = 0;
    void *values = read_raw(path.c_str(), ending, sizeof(float), &count);
    return torch::from_blob(values, {static_cast<int64_t>(count) / columns, columns}, free,
                            torch::kFloat32);
}

Tensor read_integers(const std::string &path, const char *ending)
{
    size_t count = 0;
    void *values = read_raw(path.c_str(), ending, sizeof(int32_t), &count);
    return torch::from_blob(values, {static_cast<int64_t>(count)}, free, torch::kInt32)
        .to(torch::kInt64);
}

torch::nn::Sequential build(const job &work)
{
    torch::NoGradGuard no_grad;
    torch::nn::Sequential net;
    const Tensor flat = read_floats(job_text(&work, "weights"), "", 1).flatten();
    int64_t at = 0;
    for (size_t l = 0; l < work.n_layers; l++) {
        const auto n_in = static_cast<int64_t>(work.widths[l]);
        const auto n_out = static_cast<int64_t>(work.widths[l + 1]);
        torch::nn::Linear linear(n_in, n_out);
        linear->weight.copy_(flat.narrow(0, at, n_in * n_out).view({n_out, n_in}));
        linear->bias.copy_(flat.narrow(0, at + n_in * n_out, n_out));
        at += (n_in + 1) * n_out;
        net->push_back(linear);
        if (l + 1 < work.n_layers) {
            net->push_back(torch::nn::ReLU());
        }
    }
    return net;
}

std::unique_ptr<torch::optim::Optimizer> make_optimizer(const job &work,
                                                        std::vector<Tensor> parameters)
{
    const double rate = job_number(&work, "rate");
    if (job_is(&work, "optimizer", "adam")) {
        return std::make_unique<torch::optim::Adam>(parameters, torch::optim::AdamOptions(rate));
    }
    const double momentum = job_is(&work, "optimizer", "momentum") ? 0.9 : 0;
    return std::make_unique<torch::optim::SGD>(parameters,
                                               torch::optim::SGDOptions(rate).momentum(momentum));
}

double score_of(const job &work, const Tensor &outputs)
{
    const std::string test = job_text(&work, "test");
    const Tensor contiguous = outputs.contiguous();
    const auto rows = static_cast<size_t>(outputs.size(0));
    size_t count = 0;
    std::unique_ptr<void, decltype(&free)> targets(
        read_raw(test.c_str(), ".targets", sizeof(float), &count), free);
    if (job_is(&work, "task", "classes")) {
        return accuracy_percent(static_cast<const int *>(targets.get()),
                                contiguous.data_ptr<float>(), rows,
                                static_cast<size_t>(outputs.size(1)));
    }
    return r2_percent(static_cast<const float *>(targets.get()), contiguous.data_ptr<float>(),
                      rows);
}

void serve(const std::function<void()> &run, const std::function<double()> &score)
{
    say_ready(TORCH_VERSION);
    for (command next = next_command(); next != QUIT; next = next_command()) {
        const double started = seconds_now();
        if (next == RUN) {
            run();
            answer(seconds_now() - started);
        } else {
            answer(score());
        }
    }
}

void train(const job &work)
{
    const std::string path = job_text(&work, "train");
    const auto columns = static_cast<int64_t>(work.widths[0]);
    const auto batch_size = static_cast<int64_t>(job_number(&work, "batch"));
    const bool classes = job_is(&work, "task", "classes");
    const Tensor inputs = read_floats(path, ".inputs", columns);
    const Tensor targets =
        classes ? read_integers(path, ".targets") : read_floats(path, ".targets", 1);
    const Tensor orders = read_integers(job_text(&work, "order"), "").view({-1, inputs.size(0)});
    const Tensor test = read_floats(job_text(&work, "test"), ".inputs", columns);
    auto net = build(work);
    std::vector<Tensor> parameters = net->parameters();
    const auto optimizer = make_optimizer(work, parameters);
    int64_t epoch = 0;

    const auto run_epoch = [&] {
        double total = 0;
        for (const Tensor &batch : orders[epoch++].split(batch_size)) {
            const Tensor outputs = net->forward(inputs.index_select(0, batch));
            const Tensor wanted = targets.index_select(0, batch);
            const Tensor loss = classes ? torch::nn::functional::cross_entropy(outputs, wanted)
                                        : torch::mse_loss(outputs, wanted);
            for (Tensor &parameter : parameters) {
                parameter.mutable_grad().reset(); // zero_grad would write zeros
            }
            loss.backward();
            optimizer->step();
            total += loss.item<double>() * static_cast<double>(batch.size(0));
        }
    };
    serve(run_epoch, [&] {
        torch::InferenceMode inference;
        return score_of(work, net->forward(test));
    });
}

void predict(const job &work)
{
    torch::InferenceMode inference;
    auto net = build(work);
    net->eval();
    const Tensor samples =
        read_floats(job_text(&work, "test"), ".inputs", static_cast<int64_t>(work.widths[0]));
    std::vector<Tensor> batches = {samples};
    if (job_is(&work, "kind", "single")) {
        const std::vector<Tensor> rows = samples.split(1);
        batches.clear();
        for (size_t r = 0; r < rows.size(); r++) {
            batches.push_back(rows[r * SAMPLE_STEP % rows.size()]);
        }
    }
    serve(
        [&] {
            for (const Tensor &batch : batches) {
                net->forward(batch);
            }
        },
        [&] { return score_of(work, net->forward(samples)); });
}

} // namespace

int main(int argc, char **argv)
{
    const job work = read_job(argc, argv);
    torch::set_num_threads(static_cast<int>(job_number(&work, "threads")));
    if (job_is(&work, "kind", "train")) {
        train(work);
    } else {
        predict(work);
    }
    return 0;
}
