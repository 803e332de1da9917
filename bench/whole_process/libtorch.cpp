// One epoch on MNIST in LibTorch, from the files to the accuracy: libtorch_mnist FOLDER SEED
#include <torch/torch.h>

#include <cstdio>
#include <string>

int main(int argc, char **argv)
{
    using Set = torch::data::datasets::MNIST;
    const std::string folder = argc > 1 ? argv[1] : ".";
    const Set train(folder, Set::Mode::kTrain), test(folder, Set::Mode::kTest);
    const torch::Tensor train_x = train.images().view({-1, 784}), train_y = train.targets();
    const torch::Tensor test_x = test.images().view({-1, 784}), test_y = test.targets();

    torch::manual_seed(argc > 2 ? std::stoul(argv[2]) : 0);
    torch::nn::Linear hidden(784, 128), output(128, 10);
    torch::nn::init::kaiming_normal_(hidden->weight, 0, torch::kFanIn, torch::kReLU);
    torch::nn::init::xavier_uniform_(output->weight);
    torch::nn::Sequential net(hidden, torch::nn::ReLU(), output);
    torch::optim::Adam optimizer(net->parameters(), torch::optim::AdamOptions(0.001));
    for (const auto &batch : torch::randperm(train_x.size(0)).split(128)) {
        optimizer.zero_grad();
        torch::nn::functional::cross_entropy(net->forward(train_x.index({batch})),
                                             train_y.index({batch}))
            .backward();
        optimizer.step();
    }

    torch::InferenceMode inference;
    const torch::Tensor right = net->forward(test_x).argmax(1) == test_y;
    std::printf("test accuracy %.2f%%\n", 100 * right.to(torch::kFloat32).mean().item<double>());
    return 0;
}
