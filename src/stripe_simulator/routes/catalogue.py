"""Accounts, and what they sell to whom."""

import stripe.params as top

from stripe_simulator.resources import (
    accounts,
    coupons,
    customers,
    payment_methods,
    prices,
    products,
    promotion_codes,
)
from stripe_simulator.routes.route import Route

ROUTES = [
    # Accounts
    Route("GET", "/v1/account", accounts.retrieve_own, top.AccountRetrieveCurrentParams),
    Route("GET", "/v1/accounts", accounts.list_all, top.AccountListParams),
    Route("GET", "/v1/accounts/{id}", accounts.retrieve, top.AccountRetrieveParams),
    # Catalogue
    Route(
        "POST", "/v1/products", products.create, top.ProductCreateParams, products.CREATE_HONOURS
    ),
    Route("GET", "/v1/products", products.list_all, top.ProductListParams, products.LIST_HONOURS),
    Route("GET", "/v1/products/{id}", products.retrieve, top.ProductRetrieveParams),
    Route(
        "POST",
        "/v1/products/{id}",
        products.update,
        top.ProductUpdateParams,
        products.UPDATE_HONOURS,
    ),
    Route("DELETE", "/v1/products/{id}", products.delete, top.ProductDeleteParams),
    Route("POST", "/v1/prices", prices.create, top.PriceCreateParams, prices.CREATE_HONOURS),
    Route("GET", "/v1/prices", prices.list_all, top.PriceListParams, prices.LIST_HONOURS),
    Route("GET", "/v1/prices/{id}", prices.retrieve, top.PriceRetrieveParams),
    Route("POST", "/v1/prices/{id}", prices.update, top.PriceUpdateParams, prices.UPDATE_HONOURS),
    Route("POST", "/v1/coupons", coupons.create, top.CouponCreateParams, coupons.CREATE_HONOURS),
    Route("GET", "/v1/coupons", coupons.list_all, top.CouponListParams, coupons.LIST_HONOURS),
    Route("GET", "/v1/coupons/{id}", coupons.retrieve, top.CouponRetrieveParams),
    Route(
        "POST", "/v1/coupons/{id}", coupons.update, top.CouponUpdateParams, coupons.UPDATE_HONOURS
    ),
    Route("DELETE", "/v1/coupons/{id}", coupons.delete, top.CouponDeleteParams),
    Route(
        "POST",
        "/v1/promotion_codes",
        promotion_codes.create,
        top.PromotionCodeCreateParams,
        promotion_codes.CREATE_HONOURS,
    ),
    Route(
        "GET",
        "/v1/promotion_codes",
        promotion_codes.list_all,
        top.PromotionCodeListParams,
        promotion_codes.LIST_HONOURS,
    ),
    Route(
        "GET",
        "/v1/promotion_codes/{id}",
        promotion_codes.retrieve,
        top.PromotionCodeRetrieveParams,
    ),
    Route(
        "POST",
        "/v1/promotion_codes/{id}",
        promotion_codes.update,
        top.PromotionCodeUpdateParams,
        promotion_codes.UPDATE_HONOURS,
    ),
    # People
    Route(
        "POST",
        "/v1/customers",
        customers.create,
        top.CustomerCreateParams,
        customers.CREATE_HONOURS,
    ),
    Route(
        "GET", "/v1/customers", customers.list_all, top.CustomerListParams, customers.LIST_HONOURS
    ),
    Route("GET", "/v1/customers/{id}", customers.retrieve, top.CustomerRetrieveParams),
    Route(
        "POST",
        "/v1/customers/{id}",
        customers.update,
        top.CustomerUpdateParams,
        customers.UPDATE_HONOURS,
    ),
    Route("DELETE", "/v1/customers/{id}", customers.delete, top.CustomerDeleteParams),
    Route(
        "GET",
        "/v1/customers/{id}/payment_methods",
        payment_methods.list_of_customer,
        top.CustomerPaymentMethodListParams,
        "type",
    ),
    Route(
        "GET",
        "/v1/payment_methods",
        payment_methods.list_all,
        top.PaymentMethodListParams,
        payment_methods.LIST_HONOURS,
    ),
    Route(
        "GET",
        "/v1/payment_methods/{id}",
        payment_methods.retrieve,
        top.PaymentMethodRetrieveParams,
    ),
    Route(
        "POST",
        "/v1/payment_methods/{id}/attach",
        payment_methods.attach,
        top.PaymentMethodAttachParams,
        "customer",
    ),
    Route(
        "POST",
        "/v1/payment_methods/{id}/detach",
        payment_methods.detach,
        top.PaymentMethodDetachParams,
    ),
]
