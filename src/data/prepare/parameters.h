/* The hyper-parameters of preprocessing, as rows for the parameter table of an algorithm. */
#ifndef SML_DATA_PREPARE_PARAMETERS_H
#define SML_DATA_PREPARE_PARAMETERS_H

/* Choices stand in the order of the enumerations in pipeline.h. */
#define SML__SCALING_CHOICES  "auto|none|standard|min_max|per_image"
#define SML__ENCODING_CHOICES "one_hot|ordinal"
#define SML__FILLING_CHOICES  "auto|refuse|mean|median|most_frequent|zero"
#define SML__UNKNOWN_CHOICES  "refuse|zeros"
#define SML__TARGET_CHOICES   "auto|none|standard"

enum { SML__N_PREPARE_PARAMETERS = 5 };

#define SML__PREPARE_PARAMETERS                                                                    \
    {"scaling",                                                                                    \
     SML_PARAMETER_CHOICE,                                                                         \
     "auto",                                                                                       \
     0,                                                                                            \
     0,                                                                                            \
     SML__SCALING_CHOICES,                                                                         \
     "numbers become (x - mean)/sd (standard), 0 to 1 (min_max), or each row by its own mean and " \
     "sd (per_image); auto: standard for a table, none elsewhere"},                                \
        {"encoding",                                                                               \
         SML_PARAMETER_CHOICE,                                                                     \
         "one_hot",                                                                                \
         0,                                                                                        \
         0,                                                                                        \
         SML__ENCODING_CHOICES,                                                                    \
         "a category becomes a 1 among zeros, or its number (ordinal)"},                           \
        {"missing",                                                                                \
         SML_PARAMETER_CHOICE,                                                                     \
         "auto",                                                                                   \
         0,                                                                                        \
         0,                                                                                        \
         SML__FILLING_CHOICES,                                                                     \
         "what a cell without a value becomes; auto: mean, and for categories the most frequent"}, \
        {"unknown",                                                                                \
         SML_PARAMETER_CHOICE,                                                                     \
         "refuse",                                                                                 \
         0,                                                                                        \
         0,                                                                                        \
         SML__UNKNOWN_CHOICES,                                                                     \
         "a category that no training row has: refuse, or zeros"},                                 \
    {                                                                                              \
        "target_scaling", SML_PARAMETER_CHOICE, "auto", 0, 0, SML__TARGET_CHOICES,                 \
            "trains on (y - mean)/sd of each target y (standard), and predicts y; losses are of "  \
            "the former; auto: standard for regression on a table, none elsewhere"                 \
    }

/* Of training rows that are pictures: see augment.h. */
enum { SML__N_AUGMENT_PARAMETERS = 6 };

#define SML__AUGMENT_PARAMETERS                                                                    \
    {"augment_shift",                                                                              \
     SML_PARAMETER_REAL,                                                                           \
     "0",                                                                                          \
     0,                                                                                            \
     1000,                                                                                         \
     NULL,                                                                                         \
     "shifts each training picture by up to so many pixels in x and y"},                           \
        {"augment_rotate",                                                                         \
         SML_PARAMETER_REAL,                                                                       \
         "0",                                                                                      \
         0,                                                                                        \
         180,                                                                                      \
         NULL,                                                                                     \
         "turns it by up to so many degrees"},                                                     \
        {"augment_scale",                                                                          \
         SML_PARAMETER_REAL,                                                                       \
         "0",                                                                                      \
         0,                                                                                        \
         10,                                                                                       \
         NULL,                                                                                     \
         "makes it larger or smaller by up to a factor of 1 + augment_scale"},                     \
        {"augment_elastic",                                                                        \
         SML_PARAMETER_REAL,                                                                       \
         "0",                                                                                      \
         0,                                                                                        \
         10000,                                                                                    \
         NULL,                                                                                     \
         "bends it: strength of a smooth random field; 34 with a sigma of 4 moves pixels by 1.4"}, \
        {"augment_sigma",                                                                          \
         SML_PARAMETER_REAL,                                                                       \
         "4",                                                                                      \
         0.1,                                                                                      \
         100,                                                                                      \
         NULL,                                                                                     \
         "smoothness of that field, in pixels"},                                                   \
    {                                                                                              \
        "augment_noise", SML_PARAMETER_REAL, "0", 0, 1000, NULL,                                   \
            "adds normal noise of this standard deviation to its values"                           \
    }

#endif
